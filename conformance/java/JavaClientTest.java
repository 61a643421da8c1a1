import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.mlflow.api.proto.Service.Experiment;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowClientException;

/** A day with MLflow's Java client: java JavaClientTest URI. Says OK when all went as it should. */
public class JavaClientTest {
  private final MlflowClient client;

  private JavaClientTest(String uri) {
    client = new MlflowClient(uri);
  }

  public static void main(String[] args) {
    JavaClientTest test = new JavaClientTest(args[0]);
    String experiment = test.experiments();
    String run = test.writes(experiment);
    test.reads(run);
    test.searches(experiment, run);
    test.lifecycle(experiment, run);
    test.refusals();
    test.client.close();
    System.out.println("OK");
  }

  private String experiments() {
    String name = "java-" + UUID.randomUUID();
    String id = client.createExperiment(name);
    same("name", name, client.getExperiment(id).getName());
    same("by name", id, client.getExperimentByName(name).map(Experiment::getExperimentId).orElse("none"));
    same("unknown name", Optional.empty(), client.getExperimentByName(name + "-none"));
    client.setExperimentTag(id, "team", "vision");
    same("tag", "vision", client.getExperiment(id).getTags(0).getValue());
    client.renameExperiment(id, name + "-renamed");
    same("renamed", name + "-renamed", client.getExperiment(id).getName());
    return id;
  }

  private String writes(String experiment) {
    RunInfo info = client.createRun(experiment);
    String run = info.getRunId();
    same("status", RunStatus.RUNNING, info.getStatus());
    client.logParam(run, "lr", "0.1");
    client.setTag(run, "note", "ünïcode ✓");
    client.logMetric(run, "loss", 0.5, 1000, 1);
    client.logMetric(run, "loss", 0.25, 2000, 2);
    client.logBatch(
        run,
        List.of(metric("loss", Double.NaN, 3000, 3), metric("acc", -1.5, 1, 0)),
        List.of(Param.newBuilder().setKey("layers").setValue("3").build()),
        List.of(RunTag.newBuilder().setKey("batch").setValue("yes").build()));
    client.setTerminated(run, RunStatus.FINISHED, 4000);
    return run;
  }

  private static Metric metric(String key, double value, long timestamp, long step) {
    return Metric.newBuilder().setKey(key).setValue(value).setTimestamp(timestamp).setStep(step).build();
  }

  private void reads(String id) {
    Run run = client.getRun(id);
    same("ended", RunStatus.FINISHED, run.getInfo().getStatus());
    same("end time", 4000L, run.getInfo().getEndTime());
    same("params", List.of("layers=3", "lr=0.1"), run.getData().getParamsList().stream()
        .map(each -> each.getKey() + "=" + each.getValue()).sorted().collect(Collectors.toList()));
    same("latest", List.of("acc=-1.5", "loss=NaN"), run.getData().getMetricsList().stream()
        .map(each -> each.getKey() + "=" + each.getValue()).sorted().collect(Collectors.toList()));
    same("tag", "ünïcode ✓", run.getData().getTagsList().stream()
        .filter(each -> each.getKey().equals("note")).findFirst().orElseThrow().getValue());
    same("history", List.of("1:0.5", "2:0.25", "3:NaN"), client.getMetricHistory(id, "loss").stream()
        .map(each -> each.getStep() + ":" + each.getValue()).collect(Collectors.toList()));
    same("no history", List.of(), client.getMetricHistory(id, "none"));
  }

  private void searches(String experiment, String run) {
    String other = client.createRun(experiment).getRunId();
    client.logMetric(other, "acc", 7, 1, 0);
    same("both", 2, client.searchRuns(List.of(experiment), "").size());
    same("filtered", List.of(run), ids(client.searchRuns(List.of(experiment), "params.lr = '0.1' and metrics.acc < 0")));
    same("ordered", List.of(other, run), client.searchRuns(
        List.of(experiment), "", ViewType.ACTIVE_ONLY, 10, List.of("metrics.acc DESC")).getItems().stream()
        .map(each -> each.getInfo().getRunId()).collect(Collectors.toList()));
    var page = client.searchRuns(List.of(experiment), "", ViewType.ACTIVE_ONLY, 1, List.of("metrics.acc ASC"));
    same("first page", run, page.getItems().get(0).getInfo().getRunId());
    same("second page", other, page.getNextPage().getItems().iterator().next().getInfo().getRunId());
    String name = client.getExperiment(experiment).getName();
    same("experiments", 1, client.searchExperiments("name = '" + name + "'").getItems().size());
  }

  private static List<String> ids(List<RunInfo> found) {
    return found.stream().map(RunInfo::getRunId).collect(Collectors.toList());
  }

  private void lifecycle(String experiment, String run) {
    client.deleteTag(run, "batch");
    client.deleteRun(run);
    same("hidden", 1, client.searchRuns(List.of(experiment), "").size());
    client.restoreRun(run);
    same("restored", 2, client.searchRuns(List.of(experiment), "").size());
    client.deleteExperiment(experiment);
    same("deleted", "deleted", client.getExperiment(experiment).getLifecycleStage());
    client.restoreExperiment(experiment);
    same("back", "active", client.getExperiment(experiment).getLifecycleStage());
  }

  private void refusals() {
    try {
      client.getRun("0123456789abcdef0123456789abcdef");
    } catch (MlflowClientException refused) {
      same("words", true, refused.getMessage().contains("not found"));
      return;
    }
    throw new AssertionError("a run that is not there was found");
  }

  private static void same(String what, Object expected, Object found) {
    if (!expected.equals(found)) throw new AssertionError(what + ": expected " + expected + ", found " + found);
  }
}
