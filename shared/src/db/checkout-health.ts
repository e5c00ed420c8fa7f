/** What a checkout tells of itself with each of its beats; of an older one less is known. */
export type CheckoutHealth = {
  /** Names of the payment providers that it is set up with. */
  providers?: readonly string[];
};
