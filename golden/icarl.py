"""The numbers of golden/icarl.json come from the same script as those of iVAE."""

import runpy

runpy.run_path(__file__.replace("icarl", "ivae"))
