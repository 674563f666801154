import { dirname } from "node:path";
import type { NextConfig } from "next";

const config: NextConfig = {
  turbopack: { root: dirname(import.meta.dirname) },
};
export default config;
