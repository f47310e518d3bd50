"""The numbers of golden/shared_head.json come from the same script as those of TBR."""

import runpy

runpy.run_path(__file__.replace("shared_head", "tbr"))
