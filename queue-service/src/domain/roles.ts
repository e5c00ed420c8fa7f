/** Rising: each role may do what the ones before it may. */
export const apiRoles = ['viewer', 'operator', 'admin'] as const;
export type ApiRole = (typeof apiRoles)[number];

/** Whether a key of role `has` may do what asks for role `needs`. */
export function roleSuffices(has: ApiRole, needs: ApiRole): boolean {
  return apiRoles.indexOf(has) >= apiRoles.indexOf(needs);
}
