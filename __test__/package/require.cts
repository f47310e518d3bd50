import disentangle = require("disentangle");

const all: disentangle.Catalogue = disentangle.catalogue();
// @ts-expect-error the types are there, and are not `any`
all.nothing;
