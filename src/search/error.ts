import { MlflowError } from "../wire/errors";
import type { Span } from "./tokens";

/** A 400 for a filter or an ordering, with the part of its text that is wrong; `clause` numbers an ordering's clause. */
export class SearchError extends MlflowError {
  readonly span: Span;
  readonly clause: number;

  constructor(message: string, { start, end }: Span, clause = 0) {
    super("INVALID_PARAMETER_VALUE", message);
    this.name = "SearchError";
    this.span = { start, end };
    this.clause = clause;
  }
}
