/** MLflow's limits on what one query may ask for, checked on its text before anything is done. Pure. */
import { type DocumentNode, GraphQLError, Kind, type OperationDefinitionNode, type SelectionSetNode } from "graphql";

// MLflow 3.17.2's defaults.
const MAX_ROOT_FIELDS = 10;
const MAX_ALIASES = 10;
const MAX_DEPTH = 10;
const MAX_SELECTIONS = 1000;

interface Size {
  selections: number;
  aliases: number;
}

/** Errors: a GraphQLError where an operation is too wide, too deep or too long; fragments count where they are spread. */
export function checkLimits(document: DocumentNode): void {
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node.selectionSet]] : [],
    ),
  );
  for (const node of document.definitions) {
    if (node.kind === Kind.OPERATION_DEFINITION) checkOperation(node, fragments);
  }
}

type Fragments = ReadonlyMap<string, SelectionSetNode>;

function checkOperation({ selectionSet }: OperationDefinitionNode, fragments: Fragments): void {
  const roots = selectionSet.selections.length;
  if (roots > MAX_ROOT_FIELDS) throw tooMany("root fields", MAX_ROOT_FIELDS, roots);
  const size = { selections: 0, aliases: 0 };
  measure(selectionSet, 1, [], size, fragments);
  if (size.aliases > MAX_ALIASES) throw tooMany("aliases", MAX_ALIASES, size.aliases);
}

const tooMany = (what: string, most: number, got: number) =>
  new GraphQLError(`GraphQL queries should have at most ${most} ${what}, got ${got} ${what}.`);

function measure(set: SelectionSetNode, depth: number, within: string[], size: Size, fragments: Fragments): void {
  let aliases = 0;
  for (const node of set.selections) {
    // Counted one by one and given up at once: fragments that spread fragments grow exponentially.
    if (++size.selections > MAX_SELECTIONS) {
      throw new GraphQLError(`Query exceeds maximum total selections of ${MAX_SELECTIONS}`);
    }
    if (node.kind === Kind.FRAGMENT_SPREAD) {
      const name = node.name.value;
      const spread = fragments.get(name);
      // A fragment within itself is for validation to refuse.
      if (spread && !within.includes(name)) measure(spread, depth, [...within, name], size, fragments);
      continue;
    }
    if (node.kind === Kind.INLINE_FRAGMENT) {
      measure(node.selectionSet, depth, within, size, fragments);
      continue;
    }
    if (depth > MAX_DEPTH) throw new GraphQLError(`Query exceeds maximum depth of ${MAX_DEPTH}`);
    if (node.alias) aliases++;
    if (node.selectionSet) measure(node.selectionSet, depth + 1, within, size, fragments);
  }
  size.aliases = Math.max(size.aliases, aliases);
}
