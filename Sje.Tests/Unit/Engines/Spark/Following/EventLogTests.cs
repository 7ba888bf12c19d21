using System.Globalization;
using System.Text;
using Sje.Jobs.Engines.Spark.Following;
using ZstdSharp;

namespace Sje.Tests.Unit.Engines.Spark.Following;

/// <summary>Logs written by hand, for what a real run cannot be made to show; real ones are in the integration tests.</summary>
public sealed class EventLogTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-event-logs-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_log_that_was_cut_off_gives_what_stands_before()
    {
        var lines = Log(tasks: 10);
        var text = string.Join('\n', lines.SkipLast(4)) + "\n" + lines[^4][..^4];

        var facts = await EventLog.ReadAsync(Write("app-1.inprogress", text), default);

        Assert.False(facts.Complete);
        Assert.Equal(9, facts.Totals.Tasks);
        Assert.Equal(SparkStageState.Active, Assert.Single(facts.Stages).State);
        Assert.Equal(9, facts.Stages[0].RunTimes!.Max);
        Assert.Equal(Time(1_009), facts.EndedAt);
        Assert.Equal(1_008, facts.DurationMs);
    }

    [Fact]
    public async Task Lines_that_are_no_events_or_unknown_ones_are_passed_over()
    {
        var lines = Log(tasks: 4);
        lines.InsertRange(
            3,
            [
                "",
                "not json",
                "{\"Event\":\"SparkListenerTaskEnd\",\"Stage ID\":",
                "{\"Event\":\"SparkListenerTaskEnd\",\"Stage ID\":[],\"Task Info\":7}",
                "{\"Event\":\"org.example.SomethingElse\",\"Stage ID\":1}",
                "{\"Event\":\"SparkListenerOfTheFuture\",\"x\":{}}",
                "[1,2,3]",
                "{\"Event\":\"SparkListenerJobStart\"",
            ]
        );

        var facts = await EventLog.ReadAsync(Write("app-1", string.Join('\n', lines)), default);

        Assert.True(facts.Complete);
        Assert.Equal(4, facts.Totals.Tasks);
        Assert.Equal(1, facts.Totals.Jobs);
    }

    [Fact]
    public async Task Lines_longer_than_a_piece_are_read_whole()
    {
        var lines = Log(tasks: 3);
        lines.Insert(4, "{\"Event\":\"SparkListenerOfTheFuture\",\"x\":\"" + new string('x', 3 << 20) + "\"}");
        lines[1] = lines[1].Replace("an app", "an app " + new string('y', 700_000), StringComparison.Ordinal);

        var facts = await EventLog.ReadAsync(Write("app-1", string.Join('\n', lines) + "\n"), default);

        Assert.Equal(3, facts.Totals.Tasks);
        Assert.StartsWith("an app yyy", facts.Name, StringComparison.Ordinal);
        Assert.Equal(SparkFacts.MostText, facts.Name!.Length);
    }

    [Fact]
    public async Task A_line_beyond_all_bounds_is_left_out_and_those_behind_it_are_not()
    {
        var lines = Log(tasks: 3);
        lines.Insert(4, "{\"Event\":\"SparkListenerTaskEnd\",\"x\":\"" + new string('x', 70 << 20) + "\"}");

        var facts = await EventLog.ReadAsync(Write("app-1", string.Join('\n', lines) + "\n"), default);

        Assert.True(facts.Complete);
        Assert.Equal(3, facts.Totals.Tasks);
    }

    [Fact]
    public async Task A_rolled_log_is_read_file_by_file_compressed_or_not()
    {
        var lines = Log(tasks: 20);
        var rolled = Directory.CreateDirectory(Path.Combine(folder, "eventlog_v2_app-1")).FullName;
        File.WriteAllText(Path.Combine(rolled, "appstatus_app-1"), "");
        File.WriteAllBytes(Path.Combine(rolled, "events_1_app-1.zstd"), Compressed(lines.Take(8)));
        File.WriteAllText(Path.Combine(rolled, "events_2_app-1"), string.Join('\n', lines.Skip(8).Take(7)) + "\n");
        File.WriteAllBytes(Path.Combine(rolled, "events_10_app-1.zstd"), Compressed(lines.Skip(15)));

        var facts = await EventLog.ReadAsync(EventLogFiles.Find(folder, "app-1")!, default);

        var plain = await EventLog.ReadAsync(Write("plain", string.Join('\n', lines)), default);
        Assert.Equal(plain.ToJson().ToJsonString(), facts.ToJson().ToJsonString());
        Assert.Equal(20, facts.Totals.Tasks);
    }

    [Fact]
    public async Task A_compressed_log_that_was_cut_off_gives_what_stands_before()
    {
        // Noise in the names, so that the cut is far from both ends.
        var lines = Log(tasks: 4_000, noise: true);
        var whole = Compressed(lines);
        var path = Path.Combine(folder, "app-1.zstd.inprogress");
        File.WriteAllBytes(path, whole[..(whole.Length / 2)]);

        var facts = await EventLog.ReadAsync(path, default);

        Assert.False(facts.Complete);
        Assert.InRange(facts.Totals.Tasks, 500, 3_500);
    }

    [Fact]
    public async Task A_log_in_a_codec_that_is_not_read_is_refused_in_words()
    {
        var refused = await Assert.ThrowsAsync<EventLogUnreadableException>(() =>
            EventLog.ReadAsync(Write("app-1.lz4", "x"), default)
        );

        Assert.Contains("compressed with lz4", refused.Message, StringComparison.Ordinal);
        Assert.Contains("spark.eventLog.compress=false", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quantiles_are_those_that_Spark_would_choose()
    {
        // 8 tasks of 1 to 8 ms: floor(0.25 * 8) = the third, floor(0.5 * 8) = the fifth, floor(0.75 * 8) = the seventh.
        var facts = await EventLog.ReadAsync(Write("app-1", string.Join('\n', Log(tasks: 8))), default);

        Assert.Equal(new SparkQuantiles(1, 3, 5, 7, 8), facts.Stages[0].RunTimes);
        Assert.Equal(new SparkQuantiles(10, 30, 50, 70, 80), facts.Stages[0].ShuffleReads);
    }

    [Fact]
    public async Task A_partition_that_two_tasks_did_counts_once()
    {
        var lines = Log(tasks: 4);
        lines.Insert(lines.Count - 3, TaskEnd(0, index: 2, 9, "TaskKilled"));
        lines.Insert(lines.Count - 3, TaskEnd(0, index: 2, 9, "Success"));

        var facts = await EventLog.ReadAsync(Write("app-1", string.Join('\n', lines)), default);

        Assert.Equal(4, facts.Totals.Tasks);
        Assert.Equal(1, facts.Totals.KilledTasks);
    }

    [Fact]
    public async Task Executors_and_what_they_cost_are_counted_from_when_they_came_until_they_went()
    {
        List<string> lines =
        [
            Start,
            """{"Event":"SparkListenerEnvironmentUpdate","Spark Properties":{"spark.master":"spark://m:7077","spark.executor.memory":"2g","spark.secret":"hidden"}}""",
            Added("0", 4, 1_000),
            Added("1", 4, 2_000),
            """{"Event":"SparkListenerExecutorRemoved","Timestamp":5000,"Executor ID":"0","Removed Reason":"worker lost\nat x"}""",
            Added("2", 2, 5_000),
            """{"Event":"SparkListenerApplicationEnd","Timestamp":11000}""",
        ];

        var facts = await EventLog.ReadAsync(Write("app-1", string.Join('\n', lines)), default);

        Assert.Equal(2, facts.Totals.ExecutorsMax);
        Assert.Equal(3, facts.Totals.ExecutorsAdded);
        Assert.Equal(1, facts.Totals.ExecutorsRemoved);
        Assert.Equal(4 * 4 + 4 * 9 + 2 * 6, facts.Totals.ExecutorCoreSeconds);
        Assert.Equal(2 * (4 + 9 + 6), facts.Totals.ExecutorGibSeconds);
        Assert.Equal(10.9, facts.Totals.DriverCoreSeconds, 3);
        Assert.Equal("worker lost", facts.Executors.Single(e => e.Id == "0").RemoveReason);
        Assert.DoesNotContain("hidden", facts.ToJson().ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Joins_that_shuffled_both_sides_are_measured_and_those_that_became_broadcasts_are_not()
    {
        static string Side(int counter) =>
            $$"""
                {"nodeName":"Sort","simpleString":"","children":[{"nodeName":"AQEShuffleRead","children":[{"nodeName":"ShuffleQueryStage","children":[
                {"nodeName":"Exchange","metrics":[{"name":"data size","accumulatorId":{{counter}},"metricType":"size"}],"children":[]}]}]}]}
                """.ReplaceLineEndings("");
        static string Plan(string kind, int id, string join) =>
            $$$"""{"Event":"org.apache.spark.sql.execution.ui.SparkListenerSQL{{{kind}}}","executionId":{{{id}}},"sparkPlanInfo":{"nodeName":"AdaptiveSparkPlan","children":[{{{join}}}]}}""";
        var merge =
            $$"""{"nodeName":"SortMergeJoin","simpleString":"SortMergeJoin [a#1], [b#2], LeftOuter","children":[{{Side(1)}},{{Side(2)}}]}""";
        List<string> lines =
        [
            Start,
            Plan("ExecutionStart", 0, merge),
            Plan(
                "ExecutionStart",
                1,
                merge.Replace("\"accumulatorId\":1", "\"accumulatorId\":3", StringComparison.Ordinal)
            ),
            """{"Event":"SparkListenerStageCompleted","Stage Info":{"Stage ID":0,"Accumulables":[{"ID":1,"Name":"data size","Value":"5000000"},{"ID":2,"Name":"data size","Value":300},{"ID":3,"Name":"data size","Value":1}]}}""",
            Plan("AdaptiveExecutionUpdate", 1, """{"nodeName":"BroadcastHashJoin","children":[]}"""),
        ];

        var facts = await EventLog.ReadAsync(Write("app-1", string.Join('\n', lines)), default);

        Assert.Equal(
            new SparkJoinFacts
            {
                ExecutionId = 0,
                Operator = "SortMergeJoin",
                JoinType = "LeftOuter",
                SmallSide = "right",
                SmallBytes = 300,
                LargeBytes = 5_000_000,
            },
            Assert.Single(facts.Joins)
        );
    }

    [Fact]
    public async Task Facts_of_a_huge_run_are_small_and_its_totals_whole()
    {
        List<string> lines = [Start];
        for (var stage = 0; stage < 3_000; stage++)
        {
            lines.Add(
                $$$"""{"Event":"SparkListenerStageSubmitted","Stage Info":{"Stage ID":{{{stage}}},"Stage Name":"{{{new string('n', 900)}}}","Number of Tasks":1}}"""
            );
            lines.Add(TaskEnd(stage, 0, stage == 1_234 ? 9_999 : 1, "Success"));
            lines.Add(
                $$$"""{"Event":"SparkListenerStageCompleted","Stage Info":{"Stage ID":{{{stage}}}{{{(stage == 7 ? ",\"Failure Reason\":\"" + new string('f', 9_000) + "\"" : "")}}},"Number of Tasks":1}}"""
            );
        }

        for (var executor = 0; executor < 2_000; executor++)
        {
            lines.Add(Added(executor.ToString(CultureInfo.InvariantCulture), 1, 1_000));
        }

        var facts = await EventLog.ReadAsync(Write("app-1", string.Join('\n', lines)), default);

        Assert.Equal(3_000, facts.Totals.Tasks);
        Assert.Equal(3_000, facts.Totals.Stages);
        Assert.Equal(facts.Totals.Stages, facts.Stages.Count + facts.StagesLeftOut);
        Assert.Contains(facts.Stages, stage => stage.Id == 1_234);
        Assert.Contains(facts.Stages, stage => stage.Id == 7 && stage.State == SparkStageState.Failed);
        Assert.Equal(2_000, facts.Totals.ExecutorsMax);
        Assert.Equal(SparkFacts.MostExecutors, facts.Executors.Count);
        var json = facts.ToJson().ToJsonString();
        Assert.InRange(json.Length, 1_000, 64 << 10);
        Assert.Equal(json, SparkFacts.FromJson(System.Text.Json.Nodes.JsonNode.Parse(json)!).ToJson().ToJsonString());
    }

    private const string Start =
        """{"Event":"SparkListenerApplicationStart","App Name":"an app","App ID":"app-1","Timestamp":100}""";

    private static List<string> Log(int tasks, bool noise = false)
    {
        var random = new Random(1);
        List<string> lines =
        [
            """{"Event":"SparkListenerLogStart","Spark Version":"4.1.1"}""",
            """{"Event":"SparkListenerApplicationStart","App Name":"an app","App ID":"app-1","Timestamp":1}""",
            """{"Event":"SparkListenerJobStart","Job ID":0,"Submission Time":500,"Stage IDs":[0]}""",
            $$$"""{"Event":"SparkListenerStageSubmitted","Stage Info":{"Stage ID":0,"Stage Attempt ID":0,"Stage Name":"count at app.py:3","Number of Tasks":{{{tasks}}},"Submission Time":600}}""",
        ];
        for (var task = 0; task < tasks; task++)
        {
            lines.Add(TaskEnd(0, task, task + 1, "Success", noise ? Convert.ToHexString(Bytes(random, 200)) : ""));
        }

        lines.Add(
            $$$"""{"Event":"SparkListenerStageCompleted","Stage Info":{"Stage ID":0,"Stage Attempt ID":0,"Number of Tasks":{{{tasks}}},"Submission Time":600,"Completion Time":90000}}"""
        );
        lines.Add(
            """{"Event":"SparkListenerJobEnd","Job ID":0,"Completion Time":90100,"Job Result":{"Result":"JobSucceeded"}}"""
        );
        lines.Add("""{"Event":"SparkListenerApplicationEnd","Timestamp":91000}""");
        return lines;
    }

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static string TaskEnd(int stage, int index, int milliseconds, string reason, string noise = "") =>
        $$$"""{"Event":"SparkListenerTaskEnd","Stage ID":{{{stage}}},"Stage Attempt ID":0,"Task Type":"ResultTask","Task End Reason":{"Reason":"{{{reason}}}"},"Task Info":{"Task ID":{{{index}}},"Index":{{{index}}},"Launch Time":1000,"Executor ID":"1","Host":"{{{noise}}}","Finish Time":{{{1000 + milliseconds}}} },"Task Metrics":{"Executor Run Time":{{{milliseconds}}},"Shuffle Read Metrics":{"Remote Bytes Read":{{{milliseconds * 4}}},"Local Bytes Read":{{{milliseconds * 6}}} }}  }""";

    private static string Added(string id, int cores, int at) =>
        $$$"""{"Event":"SparkListenerExecutorAdded","Timestamp":{{{at}}},"Executor ID":"{{{id}}}","Executor Info":{"Host":"h","Total Cores":{{{cores}}} }}""";

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static byte[] Compressed(IEnumerable<string> lines)
    {
        using var compressor = new Compressor();
        return compressor.Wrap(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n")).ToArray();
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
