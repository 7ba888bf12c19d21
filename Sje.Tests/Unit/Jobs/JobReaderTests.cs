using System.Text;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Reliability;

namespace Sje.Tests.Unit.Jobs;

public class JobReaderTests
{
    private const string WholeJob = """
        name: late-departures
        description: |
          Late departures
          by origin state
        jobId: nightly/7
        queue: etl
        priority: urgent
        parameters:
          minDelay: {type: int, default: 60}
          day: {type: date, required: true}
          city: Köln
        type: process
        process:
          command: [python3, job.py, "{{ parameters.day }}", 5, true]
          env: {PORT: 8080, LEVEL: on}
        retry: {policy: fixed, maxAttempts: 5, initialDelay: 500ms, maxDelay: 2m}
        timeouts: {queued: 1h, run: 1h30m, total: 2h}
        resources: {cpus: 1.5, memory: 1GiB, labels: [linux, gpu]}
        permitPartialFailures: true
        notify: {}
        tags: [example, yes]
        """;

    [Fact]
    public void Every_field_of_the_job_file_reaches_the_spec()
    {
        var job = Reading.Good(WholeJob);
        Assert.Equal("late-departures", job.Name);
        Assert.Equal("Late departures\nby origin state\n", job.Description);
        Assert.Equal("nightly/7", job.Label);
        Assert.Equal("etl", job.Queue);
        Assert.Equal(20, job.Priority);
        Assert.Equal(
            ["minDelay int 60 False", "day date  True", "city string Köln False"],
            job.Parameters.Select(p => $"{p.Name} {p.Type} {p.Default} {p.Required}")
        );
        Assert.Equal(TimeSpan.FromHours(2), job.TotalTimeout);
        Assert.True(job.PermitPartialFailures);
        Assert.Equal(["example", "yes"], job.Tags);

        var task = Assert.Single(job.Tasks);
        Assert.Equal(("main", "process"), (task.Name, task.Type));
        Assert.Equal(
            """{"command":["python3","job.py","{{ parameters.day }}","5","true"],"env":{"PORT":"8080","LEVEL":"on"}}""",
            task.Settings.ToJsonString()
        );
        Assert.Equal(
            new RetrySpec
            {
                Policy = "fixed",
                MaxAttempts = 5,
                InitialDelay = TimeSpan.FromMilliseconds(500),
                MaxDelay = TimeSpan.FromMinutes(2),
            },
            task.Retry
        );
        Assert.Equal((TimeSpan.FromHours(1), TimeSpan.FromMinutes(90)), (task.QueuedTimeout, task.RunTimeout));
        Assert.Equal((1.5, 1L << 30), (task.Resources.Cpus, task.Resources.MemoryBytes));
        Assert.Equal(["linux", "gpu"], task.Resources.Labels);
    }

    [Fact]
    public void What_is_left_out_has_the_documented_default()
    {
        var job = Reading.Good("""{"type": "noop"}""");
        Assert.Equal(("noop", "default", 0), (job.Name, job.Queue, job.Priority));
        var task = Assert.Single(job.Tasks);
        Assert.Equal(new RetrySpec(), task.Retry);
        var retry = task.Retry.Usual();
        Assert.Equal(
            ("default", 3, 1.0, 60.0, Jitter.Full),
            (retry.Name, retry.MaxAttempts, retry.InitialDelay.TotalSeconds, retry.MaxDelay.TotalSeconds, retry.Jitter)
        );
        Assert.Equal((null, null, null), (task.QueuedTimeout, task.RunTimeout, job.TotalTimeout));
        Assert.Equal("""{"name":"noop","type":"noop"}""", job.Canonical.ToJsonString());
    }

    [Fact]
    public void A_null_field_is_a_missing_field()
    {
        var job = Reading.Good("name: x\ntype: noop\nnoop:\nretry:\nnotify:\nschedule: ~\ntags: null\n");
        Assert.Equal("""{"name":"x","type":"noop"}""", job.Canonical.ToJsonString());
    }

    [Theory]
    [InlineData("low", -10)]
    [InlineData("normal", 0)]
    [InlineData("high", 10)]
    [InlineData("urgent", 20)]
    [InlineData("critical", 30)]
    [InlineData("-100", -100)]
    [InlineData("100", 100)]
    [InlineData("7", 7)]
    public void A_priority_is_a_word_or_a_number(string written, int priority) =>
        Assert.Equal(priority, Reading.Good($"type: noop\npriority: {written}").Priority);

    [Fact]
    public void Tasks_inherit_from_the_job_field_by_field()
    {
        var job = Reading.Good(
            """
            name: graph
            retry: {maxAttempts: 7, maxDelay: 5m}
            timeouts: {queued: 10m, run: 20m, total: 1h}
            resources: {memory: 2g, labels: [linux]}
            tasks:
              - {name: extract, type: noop}
              - name: load it
                type: noop
                description: into the store
                queue: slow
                dependsOn: [extract]
                retry: {maxAttempts: 1}
                timeouts: {run: 5s}
                resources: {cpus: 2}
                noop: {text: "{{ tasks.extract.outputs.rows }}"}
              - {name: once, type: noop, dependsOn: [load it], retry: {policy: none}, noop: {text: "{{ tasks.extract.outputs.rows }}"}}
            """
        );
        Assert.Equal(["extract", "load it", "once"], job.Tasks.Select(t => t.Name));
        Assert.Equal([7, 1, 1], job.Tasks.Select(t => t.Retry.MaxAttempts));
        Assert.All(job.Tasks, t => Assert.Equal(TimeSpan.FromMinutes(5), t.Retry.MaxDelay));
        Assert.All(job.Tasks, t => Assert.Equal(TimeSpan.FromMinutes(10), t.QueuedTimeout));
        Assert.Equal([1200.0, 5, 1200], job.Tasks.Select(t => t.RunTimeout!.Value.TotalSeconds));
        Assert.All(job.Tasks, t => Assert.Equal(2L << 30, t.Resources.MemoryBytes));
        Assert.All(job.Tasks, t => Assert.Equal(["linux"], t.Resources.Labels));
        Assert.Equal([0.0, 2, 0], job.Tasks.Select(t => t.Resources.Cpus));
        Assert.Equal(("slow", "into the store"), (job.Tasks[1].Queue, job.Tasks[1].Description));
    }

    [Theory]
    [InlineData("""{"type": "noop", "name": "a"}""", "a")]
    [InlineData("""{"type": "noop", "jobId": "/etl: nightly"}""", "etl- nightly")]
    [InlineData("""{"type": "noop", "jobId": "///"}""", "noop")]
    [InlineData("""{"jobType": "noop"}""", "noop")]
    [InlineData("""{"tasks": [{"name": "a", "type": "noop"}, {"name": "b", "type": "noop"}]}""", "noop")]
    public void A_job_without_a_name_is_named_after_its_label_or_type(string text, string name) =>
        Assert.Equal(name, Reading.Good(text).Name);

    [Fact]
    public void The_caller_may_give_a_name_for_a_job_without_one()
    {
        var bytes = Encoding.UTF8.GetBytes("""{"type": "noop", "jobId": "x"}""");
        Assert.Equal(
            "saved",
            Reading.Reader.Read(bytes, options: new JobReadOptions { DefaultName = "saved" }).Spec!.Name
        );
    }

    [Fact]
    public void All_faults_of_a_file_are_told_at_once_in_the_order_of_its_lines()
    {
        var result = Reading.Job(
            """
            name: -bad
            queue: Not A Queue
            priority: hihg
            retry: {maxAttempts: 0, polcy: none}
            timeouts: {run: 30, total: 0s}
            resources: {cpus: -1, memory: lots}
            shedule: {cron: "* * * * *"}
            schedule: {cron: "* * *", timezone: UTC}
            tasks:
              - {name: a, type: noop, dependsOn: [c]}
              - {name: a, type: nop}
              - {type: process}
            """
        );
        Assert.Equal(JobReadFailure.Wrong, result.Failure);
        Assert.Equal(
            [
                "/name invalid_value 1",
                "/queue invalid_value 2",
                "/priority invalid_value 3",
                "/retry/polcy unknown_field 4",
                "/retry/maxAttempts out_of_range 4",
                "/timeouts/run wrong_type 5",
                "/timeouts/total out_of_range 5",
                "/resources/memory invalid_value 6",
                "/resources/cpus out_of_range 6",
                "/shedule unknown_field 7",
                "/schedule/timezone unknown_field 8",
                "/schedule/cron invalid_value 8",
                "/tasks/0/dependsOn/0 unknown_task 10",
                "/tasks/1/type unknown_type 11",
                "/tasks/1/name duplicate_name 11",
                "/tasks/2/name required 12",
                "/tasks/2/process/command required 12",
            ],
            result.Faults.Select(f => $"{f.Pointer} {f.Code} {f.Line}")
        );
        Assert.Contains(
            "Did you mean 'policy'?",
            result.Faults.Single(f => f.Pointer == "/retry/polcy").Detail,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Did you mean 'high'?",
            result.Faults.Single(f => f.Pointer == "/priority").Detail,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Did you mean 'noop'?",
            result.Faults.Single(f => f.Pointer == "/tasks/1/type").Detail,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Did you mean 'schedule'?",
            result.Faults.Single(f => f.Pointer == "/shedule").Detail,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_long_name_is_refused_without_being_repeated()
    {
        var result = Reading.Job($$"""{"type": "noop", "name": "{{new string('a', 1_000_000)}}"}""");
        var fault = Assert.Single(result.Faults);
        Assert.Equal(("/name", "too_long"), (fault.Pointer, fault.Code));
        Assert.True(fault.Detail.Length < 300);
    }

    [Fact]
    public void A_megabyte_of_unknown_fields_makes_a_short_answer()
    {
        var text =
            "{\"type\": \"noop\", " + string.Join(",", Enumerable.Range(0, 60_000).Select(i => $"\"f{i}\": 1")) + "}";
        var result = Reading.Job(text);
        Assert.InRange(result.Faults.Count, 100, 101);
    }

    [Fact]
    public void A_job_larger_than_allowed_is_too_large_not_wrong()
    {
        var text = $$"""{"type": "noop", "description": "{{new string('a', 1024 * 1024)}}"}""";
        Assert.Equal(JobReadFailure.TooLarge, Reading.Job(text).Failure);
        Assert.Equal(JobReadFailure.TooLarge, Reading.Reader.Read(JsonNode.Parse(text)).Failure);
    }

    [Fact]
    public void A_job_of_a_batch_has_its_own_pointers_and_the_document_s_faults_below_it()
    {
        var batch = DocumentReader.Read(
            Encoding.UTF8.GetBytes(
                """
                {"tasks": [{"type": "noop", "name": "a", "name": "b"}, {"type": "noop", "name": "c"}, {"type": "nope"}, 5]}
                """
            ),
            JobFormat.Json,
            1000
        );
        var items = batch.Root!["tasks"]!.AsArray();
        var results = items.Select((item, i) => Reading.Reader.Read(item, batch.FaultsUnder($"/tasks/{i}"))).ToList();
        Assert.Equal(["/name duplicate_key"], results[0].Faults.Select(f => $"{f.Pointer} {f.Code}"));
        Assert.Equal("c", results[1].Spec!.Name);
        Assert.Equal(["/type unknown_type"], results[2].Faults.Select(f => $"{f.Pointer} {f.Code}"));
        Assert.Equal([" wrong_type"], results[3].Faults.Select(f => $"{f.Pointer} {f.Code}"));
    }

    [Fact]
    public void A_schedule_is_read_with_its_zone_and_UTC_unless_it_says_otherwise()
    {
        var there = Reading.Good("type: noop\nschedule: {cron: '  0 6  * * 1-5 ', timeZone: Europe/Berlin}");
        var utc = Reading.Good("type: noop\nschedule: {cron: '@daily'}");
        Assert.Equal(new ScheduleSpec("0 6 * * 1-5", "Europe/Berlin"), there.Schedule);
        Assert.Equal(new ScheduleSpec("@daily", "UTC"), utc.Schedule);
        Assert.Null(Reading.Good("type: noop").Schedule);
    }

    [Theory]
    [InlineData("triggers", "[x]")]
    [InlineData("sla", "30m")]
    [InlineData("notify", "{onFailure: [x]}")]
    [InlineData("runIf", "always")]
    [InlineData("forEach", "[1, 2]")]
    [InlineData("split", "{by: x}")]
    [InlineData("runJob", "other")]
    public void A_field_whose_feature_is_not_built_is_refused_not_ignored(string field, string value) =>
        Assert.Equal([$"/{field} not_supported_yet"], Reading.Faults($"type: noop\n{field}: {value}"));
}
