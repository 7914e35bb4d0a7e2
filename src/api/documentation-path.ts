/** Swagger UI, its parts and the OpenAPI document; also by the pattern of their routes. */
export function isDocumentation(path: string): boolean {
  return path === "/swagger" || path.startsWith("/swagger/");
}
