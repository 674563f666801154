// Prints, for every TypeScript and JavaScript file below each folder, the kinds of its tokens and how many JSDoc tags
// it has: `node token_kinds.mjs FOLDER...`. Comments and white space are left out, and so is what the formatter adds when it
// breaks a line: a comma before a closing bracket, a bar before the first member of a union.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript-5";

const CLOSING = [ts.SyntaxKind.CloseBraceToken, ts.SyntaxKind.CloseBracketToken, ts.SyntaxKind.CloseParenToken];
const BEFORE_UNION = [ts.SyntaxKind.ColonToken, ts.SyntaxKind.EqualsToken, ts.SyntaxKind.OpenParenToken];

function kinds(text) {
  const scanner = ts.createScanner(ts.ScriptTarget.ES2020, true, ts.LanguageVariant.Standard, text);
  const found = [];
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) found.push(kind);
  return found.filter(
    (kind, at) =>
      !(kind === ts.SyntaxKind.CommaToken && CLOSING.includes(found[at + 1])) &&
      !(kind === ts.SyntaxKind.BarToken && BEFORE_UNION.includes(found[at - 1])),
  );
}

function countTags(node) {
  let tags = (node.jsDoc ?? []).reduce((sum, comment) => sum + (comment.tags ?? []).length, 0);
  ts.forEachChild(node, (child) => {
    tags += countTags(child);
  });
  return tags;
}

function look(folder) {
  const result = {};
  for (const path of readdirSync(folder, { recursive: true }).sort()) {
    if (!/\.(ts|js)$/.test(path) || /^runtime\./.test(path)) continue;
    const text = readFileSync(join(folder, path), "utf8");
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2020, true);
    result[path] = { kinds: kinds(text).join(" "), tags: countTags(tree) };
  }
  return result;
}

console.log(JSON.stringify(process.argv.slice(2).map(look)));
