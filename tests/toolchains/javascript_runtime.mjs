// Makes the JavaScript runtime of the TypeScript one: `node javascript_runtime.mjs RUNTIME.ts` prints
// {"runtime.js": ..., "runtime.d.ts": ...} as JSON. The types go, everything else stays as it is.
import { readFileSync } from "node:fs";
import prettier from "prettier";
import ts from "typescript-5";

const source = readFileSync(process.argv[2], "utf8");
const options = {
  target: ts.ScriptTarget.ES2020,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
};

// The compiler drops blank lines, so they go through it as comments.
const BLANK = "//blank";
// Without types a list of several kinds would be one of any of them; one that is handed on as parts is not looked into.
const marked = source
  .replace(/^\n/gm, `${BLANK}\n`)
  .replace(
    /^( +return )(\[.*\])(?: as const)?;$/gm,
    "$1/** @type {const} */ ($2);",
  )
  .replace(/^(  return )(\[\n.*?^  \]);$/gms, "$1/** @type {any} */ ($2);");
const javascript = ts
  .transpileModule(marked, { compilerOptions: options })
  .outputText.replace(/^ *\/\/blank$/gm, "")
  .replace(/^export \{\};$/gm, "");
const declarations = ts
  .transpileDeclaration(source, {
    compilerOptions: { ...options, declaration: true },
  })
  .outputText.replace(/^export \{\};$/gm, "")
  .replace(/^(.*[;}])\n(?=\/\*\*|export|interface|declare|type)/gm, "$1\n\n");

const format = (text, parser) => prettier.format(text, { parser });
console.log(
  JSON.stringify({
    "runtime.js": await format(javascript, "babel"),
    "runtime.d.ts": await format(declarations, "typescript"),
  }),
);
