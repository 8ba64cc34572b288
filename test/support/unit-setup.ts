// A unit test needs no node. Where all projects run together, the node of the others is in the environment; a unit test
// that asks for it fails as it would alone (cluster.ts).
delete process.env['TEST_ES_URL'];
