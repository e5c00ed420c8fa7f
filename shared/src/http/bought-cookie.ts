/** The cookie that names the order which this browser made of a sale; it opens nothing by itself. */
export function boughtCookie(saleId: string, isSecure: boolean): string {
  return `${isSecure ? '__Host-' : ''}fg_bought_${saleId}`;
}
