import {
  client,
  collections,
  createSpace,
  session,
} from "./mtspace/vod/index.js";
