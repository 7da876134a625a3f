import { dependencies } from "../../package.json";

/** Versions of Pulumi's providers that the program's npm packages ask for; their plugins have the same. */
export const providerVersions = {
  kubernetes: dependencies["@pulumi/kubernetes"],
  random: dependencies["@pulumi/random"],
};
