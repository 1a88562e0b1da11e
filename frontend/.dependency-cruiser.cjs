/* Who may import whom: ui, pages, render, tools -> state -> geometry; the network only behind effects. */

const forbid = (name, comment, from, to) => ({ name, severity: "error", comment, from, to });

module.exports = {
  forbidden: [
    forbid(
      "no-cycles",
      "A cycle means that two files are one subject, or that one of them is too large.",
      {},
      { circular: true },
    ),
    forbid("no-unresolved", "An import must resolve.", {}, { couldNotResolve: true }),
    forbid(
      "geometry-is-the-bottom",
      "Geometry is pure: it sees itself and the types of the wire.",
      { path: "^src/geometry/" },
      { pathNot: ["^src/geometry/", "^src/protocol/messages[.]ts$"] },
    ),
    forbid(
      "state-sees-no-screen",
      "State knows nothing of what draws it.",
      { path: "^src/state/" },
      { path: "^src/(ui|pages|render|tools)/" },
    ),
    forbid(
      "protocol-is-below-state",
      "The wire knows nothing of the application.",
      { path: "^src/protocol/" },
      { path: "^src/", pathNot: "^src/(protocol|geometry)/" },
    ),
    forbid(
      "ui-is-below-pages",
      "Components and canvas layers are used by pages, not the other way round.",
      { path: "^src/(ui|render|tools)/" },
      { path: "^src/(pages/|main[.]tsx$)" },
    ),
    forbid(
      "network-behind-effects",
      "Only effects, main.tsx and the protocol itself call the network. Types may be imported anywhere.",
      {
        path: "^src/",
        pathNot: ["^src/main[.]tsx$", "^src/protocol/", "^src/state/effects", "^src/state/[a-z]+/effects"],
      },
      { path: "^src/protocol/(api|request|socket|upload)[.]ts$", dependencyTypesNot: ["type-only"] },
    ),
    forbid(
      "reducers-are-pure",
      "A reducer sees plain data: no signals, no components, no effects.",
      { path: ["^src/state/reduce[.]ts$", "^src/state/[a-z]+/reduce[.]ts$"] },
      {
        path: [
          "node_modules/(preact|@preact)",
          "^src/state/(effects|store)",
          "^src/state/[a-z]+/(effects|store)",
          "^src/protocol/(api|request|socket|upload)[.]ts$",
        ],
      },
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "default", "types"] },
  },
};
