import type { Space } from "./mtspace/vod";

export function greeting({ collections }: Space): string {
  const { enabled, properties } = collections.onboarding.welcome;
  return enabled ? properties.label : "nothing";
}
