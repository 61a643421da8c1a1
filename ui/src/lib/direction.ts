/** Which way of a metric is better, and how likely it stands for its experiment, as the server guesses both. */
export { directionOf as guessDirection, headlineRank } from "../../../src/page/direction";
