// Runs an app in the interpreter: `node run_app.mjs INTERPRETER FOLDER`.
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { quicken } from "../../../../conformance/drivers/brightscript/quicken.mjs";

const [interpreter, root] = process.argv.slice(2);
const require = createRequire(import.meta.url);
quicken(require(join(interpreter, "lib/interpreter/Environment")).Environment);
await require(interpreter).execute([join(root, "source/main.brs")], { root, stdout: process.stdout, stderr: process.stderr });
