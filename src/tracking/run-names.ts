/** Names for runs that were given none: an adjective, a noun and a number, easy to tell apart and to say. */

const ADJECTIVES = (
  "amber ample azure basic blunt brave brief bright brisk broad calm candid clear clever cosmic cozy crisp cubic deep " +
  "dense dry eager early even exact fair fast fine firm fluid fond frank fresh full gentle glad golden grand green " +
  "happy hardy hazel humble icy ideal ivory jolly keen kind large level light linear lively local loyal lucid lunar " +
  "major mellow merry mild minor misty modal modest mossy neat noble novel olive open outer pale plain plucky " +
  "polar prime proud pure quick quiet rapid rare ready rich rising robust round rustic sandy serene sharp shiny " +
  "silent silver simple slim smooth snowy solar solid sparse spry stable stark steady still stout sturdy subtle sunny " +
  "swift tall tidal tidy tiny true urban vast violet vivid warm wide wild windy wise witty young zesty"
).split(" ");

const NOUNS = (
  "acorn arbor atlas bay beacon birch bloom bluff boulder branch breeze bridge brook canopy canyon cape cedar cliff " +
  "cloud clover coast comet coral cove crater creek crest dawn delta dune dusk eddy ember estuary fern field fjord " +
  "flint forest fountain gale garden geyser glacier glade gorge granite grove gulf harbor haven heath hill horizon " +
  "island jetty lagoon lake lantern ledge lichen maple marsh meadow mesa meteor mist moor moss mountain oasis ocean " +
  "orbit orchard pebble peak pier pine plain plateau pond prairie quarry quartz rain ravine reef ridge rill river " +
  "saddle savanna shoal shore sierra sky slope spark spring spruce star steppe stone strait stream summit surf " +
  "thicket thistle tide trail tundra valley vista wave willow wind woods zenith"
).split(" ");

const NUMBERS = 1001;

/** A uniform integer from 0 up to but without `bound`. */
const below = (bound: number): number => Math.floor(Math.random() * bound);

const pick = (words: readonly string[]): string => words[below(words.length)] ?? "";

/** Such as `brisk-fern-417`: at most 20 characters, as the longest words of both lists fit. */
export const randomRunName = (): string => `${pick(ADJECTIVES)}-${pick(NOUNS)}-${below(NUMBERS)}`;
