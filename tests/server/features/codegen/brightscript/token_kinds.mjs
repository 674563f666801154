// Prints, for every generated file below each folder, the kinds of its tokens: `node token_kinds.mjs BRIGHTERSCRIPT FOLDER...`.
// Comments are left out; a string and the characters by code that are joined to it count as one string, and elements and
// names of attributes are the kinds of XML.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [brighterscript, ...folders] = process.argv.slice(2);
const { Lexer } = createRequire(import.meta.url)(brighterscript);
const CHARACTER = "Chr LeftParen IntegerLiteral RightParen";

function kinds(text) {
  const found = Lexer.scan(text).tokens.filter(({ kind }) => !/^(Comment|Newline|Whitespace|Eof)$/.test(kind));
  const written = found.map(({ kind, text: of }) => (kind === "Identifier" && of === "Chr" ? of : kind)).join(" ");
  return written.replaceAll(CHARACTER, "StringLiteral").replace(/StringLiteral( Plus StringLiteral)+/g, "StringLiteral");
}

const ofXml = (text) => text.replace(/"[^"]*"/g, '""').replace(/<!--.*?-->/gs, "");
const result = folders.map((folder) => {
  const paths = readdirSync(folder, { recursive: true }).filter((path) => /\.(brs|xml)$/.test(path) && !/_Runtime/.test(path));
  const look = (path) => (path.endsWith(".xml") ? ofXml : kinds)(readFileSync(join(folder, path), "utf8"));
  return Object.fromEntries(paths.sort().map((path) => [path, look(path)]));
});
process.stdout.write(JSON.stringify(result));
