// The import directions of the design: daemon -> adapters -> src, rig -> adapters, src imports nothing of ours outside src.
const only = (name, module, allowed) => ({
  name: `${name}-in-one-place`,
  severity: "error",
  comment: `the native package ${name} is imported in one place`,
  from: { pathNot: allowed },
  to: { path: `node_modules/${module}/` },
});
module.exports = {
  forbidden: [
    {
      name: "src-is-pure",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(adapters|rig|daemon|clients|bench|test)/" },
    },
    { name: "src-does-no-io", severity: "error", from: { path: "^src/" }, to: { dependencyTypes: ["core"] } },
    {
      name: "src-parts-are-apart",
      severity: "error",
      from: { path: "^src/(ops|decode|protocol)/" },
      to: { path: "^src/(ops|decode|protocol)/", pathNot: "^src/$1/" },
    },
    {
      name: "adapters-know-only-src",
      severity: "error",
      from: { path: "^adapters/" },
      to: { path: "^(rig|daemon|clients|bench|test)/" },
    },
    {
      name: "rig-does-not-know-the-daemon",
      severity: "error",
      from: { path: "^rig/" },
      to: { path: "^(daemon|clients|bench|test)/" },
    },
    {
      name: "clients-know-only-the-protocol",
      severity: "error",
      from: { path: "^clients/" },
      to: { path: "^(src|adapters|rig|daemon|bench|test)/", pathNot: "^src/protocol/" },
    },
    {
      name: "examples-use-the-clients",
      severity: "error",
      comment: "an experiment is a client like any other; only what is true in the simulation is asked of the rig",
      from: { path: "^examples/", pathNot: "^examples/closed-loop/truth" },
      to: { path: "^(src|adapters|rig|daemon|test)/" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    only("onnxruntime-node", "onnxruntime-node", "^(daemon/decoder|rig/encoder)"),
    only("zeromq", "zeromq", "^(adapters/(zeromq|present)|rig|bench/(ingest|peers|outputs))/"),
    only("h5wasm", "h5wasm", "^adapters/recording/"),
    only("mcap", "@mcap/core", "^adapters/recording/mcap-log"),
    only("koffi", "koffi", "^(adapters/lsl/native|daemon/decoder/ort/native)"),
    {
      name: "liblsl-is-loaded-late",
      severity: "error",
      comment: "a daemon without LSL starts without liblsl: only the reading thread and the outlets load it",
      from: { path: "^(adapters|daemon|src)/", pathNot: "^adapters/lsl/|^adapters/lsl-outlet/|^daemon/outputs/lsl" },
      to: { path: "^adapters/lsl/native", dependencyTypesNot: ["dynamic-import"] },
    },
    {
      name: "outputs-are-loaded-late",
      severity: "error",
      comment: "a daemon without an output starts without it, and without the native package that it needs",
      from: { path: "^daemon/" },
      to: { path: "^daemon/outputs/(lsl|zeromq|network-events|serial)", dependencyTypesNot: ["dynamic-import"] },
    },
    only("serialport", "@serialport/bindings-cpp", "^adapters/serial/"),
    only("ws", "ws", "^(daemon/server|clients/ts|bench|test)/"),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".tsx", ".js", ".mjs", ".cjs"] },
  },
};
