/** A whole text that is a token (RFC 9110 §5.6.2): methods, field names, the words of most fields. */
export const TOKEN: RegExp = /^[\w!#$%&'*+.^`|~-]+$/;
