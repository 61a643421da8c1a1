/** Every limit as a named constant, with where it comes from. */

// MLflow 3.17.2's own limits (its validation rules; see contract/ for the recorded behaviour).
export const MAX_KEY_LENGTH = 250;
export const MAX_PARAM_VALUE = 6000;
export const MAX_TAG_VALUE = 8000;
export const MAX_EXPERIMENT_TAG_VALUE = 20_000;
export const MAX_EXPERIMENT_NAME = 500;
export const MAX_ARTIFACT_LOCATION = 2048;
export const MAX_BATCH_METRICS = 1000;
export const MAX_BATCH_PARAMS = 100;
export const MAX_BATCH_TAGS = 100;
export const MAX_BATCH_TOTAL = 1000;
/** Saved views of MLflow's page in the tags of one experiment. */
export const MAX_CUSTOM_VIEWS = 50;
export const MAX_SEARCH_RESULTS = 50_000;
export const DEFAULT_SEARCH_RUNS = 1000;
export const MAX_DATASET_NAME = 500;
export const MAX_DATASET_DIGEST = 36;
export const MAX_DATASET_SOURCE = 65_535;
export const MAX_DATASET_SCHEMA = 1_048_575;
export const MAX_DATASET_PROFILE = 16_777_215;
export const MAX_INPUT_TAG_KEY = 255;
export const MAX_INPUT_TAG_VALUE = 500;
export const MAX_REGISTRY_TAG_VALUE = 100_000;
export const MAX_ALIAS_LENGTH = 255;
/** MLflow's column has 256 characters and its SQLite takes more: this only keeps a name small beside what hangs on it. */
export const MAX_MODEL_NAME = 10_000;
/** UTF-16 units of all texts of a model's or version's row: three bytes each still fit into D1's longest. */
export const MAX_REGISTRY_ROW = 600_000;
export const DEFAULT_SEARCH_REGISTERED_MODELS = 100;
export const DEFAULT_SEARCH_MODEL_VERSIONS = 10_000;
/** Versions of one page of a search; MLflow's clients may ask for 200,000, which a Worker's memory does not hold. */
export const MODEL_VERSIONS_PAGE = 10_000;
/** Runs whose text is held in memory at once; a larger answer is sent in slices of this size. */
export const SEARCH_SLICE = 1000;
/** Logged models of one page of a search. MLflow has no such limit; a Worker's memory has. */
export const LOGGED_MODELS_PAGE = 1000;

/**
 * The largest JSON body read, in bytes. MLflow's nominal 1 MB never fires there, and 100 long params with 100 long
 * tags, all of them of three-byte characters written as \u escapes, legally pass it.
 */
export const MAX_JSON_BODY = 16 * 1024 * 1024;

// Cloudflare D1 (developers.cloudflare.com/d1/platform/limits).
/** Bound parameters of one statement; json_each(?) carries any number of rows in one. */
export const D1_MAX_PARAMETERS = 100;
/** Bytes of one row, text or blob. */
export const D1_MAX_ROW = 2_000_000;
/** Bytes of the pattern of a LIKE or GLOB. */
export const D1_MAX_PATTERN = 50;
/** Selects of one UNION ALL, as its runtime sets it (github.com/cloudflare/workerd, src/workerd/util/sqlite.c++). */
export const D1_MAX_COMPOUND = 5;

// Durable Objects (developers.cloudflare.com/durable-objects/platform/limits).
/** Bytes of one row of a RunLog; the platform refuses 2 MB, and a row carries its own few bytes. */
export const LOG_MAX_ROW = 1_900_000;

// R2 (developers.cloudflare.com/r2/platform/limits and .../r2/api/workers/workers-multipart-usage).
/** Bytes of an object's key. */
export const R2_MAX_KEY = 1024;
/** Keys of one list page and of one batch delete. */
export const R2_PAGE = 1000;
/** Bytes of a part of a multipart upload: R2 wants 5 MiB or more, all equal but the last. One is held in memory. */
export const R2_PART = 8 * 1024 * 1024;
export const R2_MAX_PARTS = 10_000;
/** Bytes that every part but the last has at least. */
export const R2_MIN_PART = 5 * 1024 * 1024;
/** Bytes of a request's body on Cloudflare's free and pro plans (developers.cloudflare.com/workers/platform/limits). */
export const CLOUDFLARE_MAX_BODY = 100_000_000;
/** How long the address of a part of an upload holds, and after which time an upload without an end is swept. */
export const PART_ADDRESS_SECONDS = 12 * 60 * 60;
export const UPLOAD_MAX_AGE_MS = 24 * 60 * 60 * 1000;
/** Uploads one sweep ends at most: each is a call, of which the free plan allows 50 a request. */
export const SWEEP_UPLOADS = 20;
/** Lifetimes of presigned addresses in seconds: MLflow's defaults, and R2's longest. */
export const PRESIGNED_DOWNLOAD_SECONDS = 300;
export const PRESIGNED_UPLOAD_SECONDS = 900;
export const MAX_PRESIGNED_SECONDS = 604_800;
/** Bytes of a file sent to the page's upload-artifact route (MLflow's limit). */
export const MAX_PAGE_UPLOAD = 10 * 1024 * 1024;
/**
 * Runs with unpublished observations that one request asks for them. The rest of a page shows what was published last,
 * at most a publish period ago. Well under the 1,000 calls a request may make.
 */
export const MAX_HOT_READS = 500;
