using System.Text;
using Sje.Core.Jobs;

namespace Sje.Tests.Unit.Jobs;

/// <summary>Wrong jobs, each with all the faults that must be told of it.</summary>
public class MalformedJobTests
{
    [Theory]
    // The job itself.
    [InlineData("null", " wrong_type")]
    [InlineData("5", " wrong_type")]
    [InlineData("just text", " wrong_type")]
    [InlineData("[]", " wrong_type")]
    [InlineData("[{\"type\": \"noop\"}]", " wrong_type")]
    [InlineData("{}", "/type required")]
    [InlineData("{\"jobId\": \"1\"}", "/jobType required")]
    [InlineData("{\"process\": {\"command\": \"x\"}}", "/type required")]
    [InlineData("type: null", "/type required")]
    [InlineData("type: 5", "/type wrong_type")]
    [InlineData("type: [noop]", "/type wrong_type")]
    [InlineData("type: {noop: 1}", "/type wrong_type")]
    [InlineData("type: ''", "/type unknown_type")]
    [InlineData("type: Noop", "/type unknown_type")]
    [InlineData("type: \" noop\"", "/type unknown_type")]
    [InlineData("jobType: fortran\nfortran: {x: 1}", "/jobType unknown_type")]
    [InlineData("type: noop\njobType: process", "/jobType conflict")]
    [InlineData("type: noop\nnoop: 5", "/noop wrong_type")]
    [InlineData("type: noop\nnoop: [1]", "/noop wrong_type")]
    [InlineData("type: noop\nnoop: text", "/noop wrong_type")]
    [InlineData("type: noop\nprocess: {command: x}", "/process unknown_field")]
    [InlineData("type: SparkApp\nSparkApp: {application: x}", "/SparkApp unknown_field", "/spark/application required")]
    [InlineData("type: noop\nfoo: 1\n\"b/a~r\": 2", "/foo unknown_field", "/b~1a~0r unknown_field")]
    [InlineData("type: noop\nTYPE: noop", "/TYPE unknown_field")]
    [InlineData("type: noop\ndependsOn: [x]", "/dependsOn unknown_field")]
    [InlineData("type: noop\n<<: {name: x}", "/<< unknown_field")]
    // Names and labels.
    [InlineData("type: noop\nname: ''", "/name invalid_value")]
    [InlineData("type: noop\nname: 5", "/name wrong_type")]
    [InlineData("type: noop\nname: true", "/name wrong_type")]
    [InlineData("type: noop\nname: [a]", "/name wrong_type")]
    [InlineData("type: noop\nname: -a", "/name invalid_value")]
    [InlineData("type: noop\nname: .a", "/name invalid_value")]
    [InlineData("type: noop\nname: ' a'", "/name invalid_value")]
    [InlineData("type: noop\nname: a/b", "/name invalid_value")]
    [InlineData("type: noop\nname: \"a\\nb\"", "/name invalid_value")]
    [InlineData("type: noop\nname: \"a\\u202eb\"", "/name invalid_value")]
    [InlineData("type: noop\nname: a<script>", "/name invalid_value")]
    [InlineData("type: noop\nname: 'a {{ execution.id }}'", "/name invalid_value")]
    [InlineData("type: noop\nname: 😀", "/name invalid_value")]
    [InlineData("type: noop\njobId: 5", "/jobId wrong_type")]
    [InlineData("type: noop\njobId: ''", "/jobId invalid_value")]
    [InlineData("type: noop\njobId: \"a\\tb\"", "/jobId invalid_value")]
    [InlineData("type: noop\ndescription: [x]", "/description wrong_type")]
    // Queue and priority.
    [InlineData("type: noop\nqueue: ETL", "/queue invalid_value")]
    [InlineData("type: noop\nqueue: ''", "/queue invalid_value")]
    [InlineData("type: noop\nqueue: a b", "/queue invalid_value")]
    [InlineData("type: noop\nqueue: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "/queue invalid_value")]
    [InlineData("type: noop\nqueue: \"a\\n\"", "/queue invalid_value")]
    [InlineData("type: noop\nqueue: 7", "/queue wrong_type")]
    [InlineData("type: noop\npriority: 101", "/priority out_of_range")]
    [InlineData("type: noop\npriority: -101", "/priority out_of_range")]
    [InlineData("type: noop\npriority: 99999999999", "/priority out_of_range")]
    [InlineData("type: noop\npriority: 1.5", "/priority wrong_type")]
    [InlineData("type: noop\npriority: 123456789012345678901234567890", "/priority wrong_type")]
    [InlineData("type: noop\npriority: High", "/priority invalid_value")]
    [InlineData("type: noop\npriority: '5'", "/priority invalid_value")]
    [InlineData("type: noop\npriority: true", "/priority wrong_type")]
    [InlineData("type: noop\npriority: {value: 5}", "/priority wrong_type")]
    // The schedule.
    [InlineData("type: noop\nschedule: daily", "/schedule wrong_type")]
    [InlineData("type: noop\nschedule: []", "/schedule wrong_type")]
    [InlineData("type: noop\nschedule: {}", "/schedule/cron required")]
    [InlineData("type: noop\nschedule: {timeZone: UTC}", "/schedule/cron required")]
    [InlineData("type: noop\nschedule: {cron: 5}", "/schedule/cron wrong_type")]
    [InlineData("type: noop\nschedule: {cron: ''}", "/schedule/cron invalid_value")]
    [InlineData("type: noop\nschedule: {cron: '* * * *'}", "/schedule/cron invalid_value")]
    [InlineData("type: noop\nschedule: {cron: '61 * * * *'}", "/schedule/cron invalid_value")]
    [InlineData("type: noop\nschedule: {cron: '0 0 30 2 *'}", "/schedule/cron invalid_value")]
    [InlineData("type: noop\nschedule: {cron: '@often'}", "/schedule/cron invalid_value")]
    [InlineData("type: noop\nschedule: {cron: '* * * * *', timeZone: Mars/Phobos}", "/schedule/timeZone invalid_value")]
    [InlineData("type: noop\nschedule: {cron: '* * * * *', timeZone: ''}", "/schedule/timeZone invalid_value")]
    [InlineData("type: noop\nschedule: {cron: '* * * * *', timeZone: 1}", "/schedule/timeZone wrong_type")]
    [InlineData("type: noop\nschedule: {corn: '* * * * *'}", "/schedule/corn unknown_field", "/schedule/cron required")]
    [InlineData("type: noop\nschedule: {cron: '{{ parameters.x }}'}", "/schedule/cron invalid_value")]
    [InlineData(
        "type: noop\nschedule: {cron: '@daily'}\nparameters: {day: {type: date, required: true}}",
        "/parameters/day conflict"
    )]
    [InlineData("tasks: [{name: a, type: noop, schedule: {cron: '@daily'}}]", "/tasks/0/schedule unknown_field")]
    // Parameters.
    [InlineData("type: noop\nparameters: [a]", "/parameters wrong_type")]
    [InlineData("type: noop\nparameters: text", "/parameters wrong_type")]
    [InlineData("type: noop\nparameters: {a: {type: integer}}", "/parameters/a/type invalid_value")]
    [InlineData("type: noop\nparameters: {a: {type: int, default: x}}", "/parameters/a/default invalid_value")]
    [InlineData("type: noop\nparameters: {a: {type: int, default: 1.5}}", "/parameters/a/default invalid_value")]
    [InlineData("type: noop\nparameters: {a: {type: boolean, default: yes}}", "/parameters/a/default invalid_value")]
    [InlineData(
        "type: noop\nparameters: {a: {type: date, default: 2024-13-01}}",
        "/parameters/a/default invalid_value"
    )]
    [InlineData(
        "type: noop\nparameters: {a: {type: timestamp, default: tomorrow}}",
        "/parameters/a/default invalid_value"
    )]
    [InlineData("type: noop\nparameters: {a: {type: string, default: 5}}", "/parameters/a/default invalid_value")]
    [InlineData("type: noop\nparameters: {a: {default: 5}}", "/parameters/a/type required")]
    [InlineData("type: noop\nparameters: {a: {type: int, required: maybe}}", "/parameters/a/required wrong_type")]
    [InlineData("type: noop\nparameters: {a: {type: int, requird: true}}", "/parameters/a/requird unknown_field")]
    [InlineData("type: noop\nparameters: {1a: 5}", "/parameters/1a invalid_value")]
    [InlineData("type: noop\nparameters: {a-b: 5}", "/parameters/a-b invalid_value")]
    [InlineData("type: noop\nparameters: {'': 5}", "/parameters/ invalid_value")]
    [InlineData("type: noop\nparameters: {a: '{{ execution.id }}'}", "/parameters/a template")]
    [InlineData(
        "type: noop\nparameters: {a: {type: string, default: '{{ parameters.b }}'}}",
        "/parameters/a/default template"
    )]
    // Retry.
    [InlineData("type: noop\nretry: 3", "/retry wrong_type")]
    [InlineData("type: noop\nretry: none", "/retry wrong_type")]
    [InlineData("type: noop\nretry: {policy: linear}", "/retry/policy invalid_value")]
    [InlineData("type: noop\nretry: {policy: Default}", "/retry/policy invalid_value")]
    [InlineData("type: noop\nretry: {maxAttempts: 0}", "/retry/maxAttempts out_of_range")]
    [InlineData("type: noop\nretry: {maxAttempts: -1}", "/retry/maxAttempts out_of_range")]
    [InlineData("type: noop\nretry: {maxAttempts: 101}", "/retry/maxAttempts out_of_range")]
    [InlineData("type: noop\nretry: {maxAttempts: 2.5}", "/retry/maxAttempts wrong_type")]
    [InlineData("type: noop\nretry: {maxAttempts: '3'}", "/retry/maxAttempts wrong_type")]
    [InlineData("type: noop\nretry: {policy: none, maxAttempts: 3}", "/retry/maxAttempts conflict")]
    [InlineData(
        "retry: {policy: none}\ntasks: [{name: a, type: noop, retry: {maxAttempts: 3}}]",
        "/tasks/0/retry/maxAttempts conflict"
    )]
    [InlineData("type: noop\nretry: {policy: none, maxAttempts: 0}", "/retry/maxAttempts out_of_range")]
    [InlineData("type: noop\nretry: {initialDelay: 5}", "/retry/initialDelay wrong_type")]
    [InlineData("type: noop\nretry: {initialDelay: -5s}", "/retry/initialDelay invalid_value")]
    [InlineData("type: noop\nretry: {initialDelay: 10m, maxDelay: 1m}", "/retry/initialDelay conflict")]
    [InlineData("type: noop\nretry: {maxRetries: 3}", "/retry/maxRetries unknown_field")]
    // Timeouts.
    [InlineData("type: noop\ntimeouts: 30s", "/timeouts wrong_type")]
    [InlineData("type: noop\ntimeouts: {run: 30}", "/timeouts/run wrong_type")]
    [InlineData("type: noop\ntimeouts: {run: ''}", "/timeouts/run invalid_value")]
    [InlineData("type: noop\ntimeouts: {run: '30'}", "/timeouts/run invalid_value")]
    [InlineData("type: noop\ntimeouts: {run: 30 s}", "/timeouts/run invalid_value")]
    [InlineData("type: noop\ntimeouts: {run: 30m1h}", "/timeouts/run invalid_value")]
    [InlineData("type: noop\ntimeouts: {run: 1h1h}", "/timeouts/run invalid_value")]
    [InlineData("type: noop\ntimeouts: {run: 1.5h}", "/timeouts/run invalid_value")]
    [InlineData("type: noop\ntimeouts: {run: PT5M}", "/timeouts/run invalid_value")]
    [InlineData("type: noop\ntimeouts: {run: 99999999999999999999d}", "/timeouts/run invalid_value")]
    [InlineData(
        "type: noop\ntimeouts: {run: 0s, queued: 0ms, total: 0h}",
        "/timeouts/run out_of_range",
        "/timeouts/queued out_of_range",
        "/timeouts/total out_of_range"
    )]
    [InlineData("type: noop\ntimeouts: {max: 5s}", "/timeouts/max unknown_field")]
    // Resources.
    [InlineData("type: noop\nresources: [1]", "/resources wrong_type")]
    [InlineData("type: noop\nresources: {cpus: two}", "/resources/cpus wrong_type")]
    [InlineData("type: noop\nresources: {cpus: -0.5}", "/resources/cpus out_of_range")]
    [InlineData("type: noop\nresources: {cpus: 1e300}", "/resources/cpus out_of_range")]
    [InlineData("type: noop\nresources: {memory: -1}", "/resources/memory invalid_value")]
    [InlineData("type: noop\nresources: {memory: 1.5}", "/resources/memory invalid_value")]
    [InlineData("type: noop\nresources: {memory: 5 parsecs}", "/resources/memory invalid_value")]
    [InlineData("type: noop\nresources: {memory: 99999999999g}", "/resources/memory invalid_value")]
    [InlineData("type: noop\nresources: {memory: true}", "/resources/memory wrong_type")]
    [InlineData("type: noop\nresources: {labels: linux}", "/resources/labels wrong_type")]
    [InlineData("type: noop\nresources: {labels: [a, 5]}", "/resources/labels/1 wrong_type")]
    [InlineData(
        "type: noop\nresources: {labels: [a, 'b c', '']}",
        "/resources/labels/1 invalid_value",
        "/resources/labels/2 invalid_value"
    )]
    [InlineData("type: noop\nresources: {gpu: 1}", "/resources/gpu unknown_field")]
    // Tags and flags.
    [InlineData("type: noop\ntags: a", "/tags wrong_type")]
    [InlineData("type: noop\ntags: [a, null]", "/tags/1 wrong_type")]
    [InlineData("type: noop\ntags: [a, '']", "/tags/1 invalid_value")]
    [InlineData("type: noop\npermitPartialFailures: yes", "/permitPartialFailures wrong_type")]
    [InlineData("type: noop\npermitPartialFailures: 1", "/permitPartialFailures wrong_type")]
    [InlineData("type: noop\nnotify: [x]", "/notify not_supported_yet")]
    // Tasks.
    [InlineData("tasks: []", "/tasks required")]
    [InlineData("tasks: {a: {type: noop}}", "/tasks wrong_type", "/tasks required")]
    [InlineData("tasks: noop", "/tasks wrong_type", "/tasks required")]
    [InlineData(
        "tasks: [null, 5, a, []]",
        "/tasks/0 wrong_type",
        "/tasks/1 wrong_type",
        "/tasks/2 wrong_type",
        "/tasks/3 wrong_type"
    )]
    [InlineData("tasks: [{}]", "/tasks/0/name required", "/tasks/0/type required")]
    [InlineData("tasks: [{name: a}]", "/tasks/0/type required")]
    [InlineData("tasks: [{name: '', type: noop}]", "/tasks/0/name invalid_value")]
    [InlineData("tasks: [{name: a, type: noop, jobId: x}]", "/tasks/0/jobId unknown_field")]
    [InlineData("tasks: [{name: a, type: noop, tags: [x]}]", "/tasks/0/tags unknown_field")]
    [InlineData("tasks: [{name: a, type: noop, priority: 5}]", "/tasks/0/priority not_supported_yet")]
    [InlineData(
        "tasks: [{name: a, type: noop, runIf: x, forEach: [1], split: {n: 2}, runJob: b}]",
        "/tasks/0/runIf not_supported_yet",
        "/tasks/0/forEach not_supported_yet",
        "/tasks/0/split not_supported_yet",
        "/tasks/0/runJob not_supported_yet"
    )]
    [InlineData("tasks: [{name: a, type: noop, timeouts: {total: 5s}}]", "/tasks/0/timeouts/total unknown_field")]
    [InlineData("tasks: [{name: a, type: noop, queue: A}]", "/tasks/0/queue invalid_value")]
    [InlineData("tasks: [{name: a, type: noop, retry: {maxAttempts: 0}}]", "/tasks/0/retry/maxAttempts out_of_range")]
    [InlineData(
        "retry: {maxAttempts: 0}\ntasks: [{name: a, type: noop}, {name: b, type: noop}]",
        "/retry/maxAttempts out_of_range"
    )]
    [InlineData(
        "timeouts: {run: 0s}\ntasks: [{name: a, type: noop}, {name: b, type: noop, timeouts: {run: 1s}}]",
        "/timeouts/run out_of_range"
    )]
    [InlineData("type: noop\ntasks: [{name: a, type: noop}]", "/type conflict")]
    [InlineData("noop: {}\ntasks: [{name: a, type: noop}]", "/noop unknown_field")]
    [InlineData("tasks: [{name: a, type: noop, process: {}}]", "/tasks/0/process unknown_field")]
    [InlineData("tasks: [{name: a, type: noop, dependsOn: b}]", "/tasks/0/dependsOn wrong_type")]
    [InlineData("tasks: [{name: a, type: noop, dependsOn: [5]}]", "/tasks/0/dependsOn/0 wrong_type")]
    [InlineData("tasks: [{name: a, type: noop, dependsOn: [a]}]", "/tasks/0/dependsOn/0 cycle")]
    [InlineData("tasks: [{name: a, type: noop, dependsOn: [A]}]", "/tasks/0/dependsOn/0 unknown_task")]
    [InlineData(
        "tasks: [{name: a, type: noop}, {name: b, type: noop, dependsOn: [a, a]}]",
        "/tasks/1/dependsOn/1 duplicate_name"
    )]
    [InlineData(
        "tasks: [{name: a, type: noop}, {name: a, type: noop}, {name: a, type: noop}]",
        "/tasks/1/name duplicate_name",
        "/tasks/2/name duplicate_name"
    )]
    [InlineData(
        "tasks: [{name: a, type: noop, dependsOn: [b]}, {name: b, type: noop, dependsOn: [a]}]",
        "/tasks/0/dependsOn/0 cycle"
    )]
    [InlineData(
        "tasks: [null, {name: a, type: noop, retry: {maxAttempts: 0}}]",
        "/tasks/0 wrong_type",
        "/tasks/1/retry/maxAttempts out_of_range"
    )]
    // Process.
    [InlineData("type: process", "/process/command required")]
    [InlineData("type: process\nprocess: {}", "/process/command required")]
    [InlineData("type: process\nprocess: {command: null}", "/process/command required")]
    [InlineData("type: process\nprocess: {command: []}", "/process/command invalid_value")]
    [InlineData("type: process\nprocess: {command: ''}", "/process/command invalid_value")]
    [InlineData("type: process\nprocess: {command: ' '}", "/process/command invalid_value")]
    [InlineData("type: process\nprocess: {command: ['', a]}", "/process/command/0 invalid_value")]
    [InlineData(
        "type: process\nprocess: {command: [a, null, [b], {c: d}]}",
        "/process/command/1 wrong_type",
        "/process/command/2 wrong_type",
        "/process/command/3 wrong_type"
    )]
    [InlineData("type: process\nprocess: {command: 5}", "/process/command wrong_type")]
    [InlineData("type: process\nprocess: {command: {run: x}}", "/process/command wrong_type")]
    [InlineData("type: process\nprocess: {comand: x}", "/process/command required", "/process/comand unknown_field")]
    [InlineData("type: process\nprocess: {command: x, env: [A]}", "/process/env wrong_type")]
    [InlineData("type: process\nprocess: {command: x, env: {A B: c}}", "/process/env/A B invalid_value")]
    [InlineData("type: process\nprocess: {command: x, env: {A=B: c}}", "/process/env/A=B invalid_value")]
    [InlineData("type: process\nprocess: {command: x, env: {'': c}}", "/process/env/ invalid_value")]
    [InlineData("type: process\nprocess: {command: x, env: {A: null}}", "/process/env/A wrong_type")]
    [InlineData("type: process\nprocess: {command: x, env: {A: [b]}}", "/process/env/A wrong_type")]
    [InlineData("type: process\nprocess: {command: x, env: {SJE_ATTEMPT: '1'}}", "/process/env/SJE_ATTEMPT conflict")]
    [InlineData("type: process\nprocess: {command: x, stdin: 5}", "/process/stdin wrong_type")]
    [InlineData(
        "type: process\nprocess: {command: x, workingDirectory: /etc}",
        "/process/workingDirectory invalid_value"
    )]
    [InlineData(
        "type: process\nprocess: {command: x, workingDirectory: a/../../b}",
        "/process/workingDirectory invalid_value"
    )]
    [InlineData(
        "type: process\nprocess: {command: x, workingDirectory: ..}",
        "/process/workingDirectory invalid_value"
    )]
    [InlineData("type: process\nprocess: {command: x, shell: true}", "/process/shell unknown_field")]
    // Spark.
    [InlineData("type: spark", "/spark/application required")]
    [InlineData("type: spark\nspark: {application: ''}", "/spark/application invalid_value")]
    [InlineData(
        "type: spark\nspark: {application: a.py, arguments: x, jars: [5], pyFiles: {}}",
        "/spark/arguments wrong_type",
        "/spark/jars/0 wrong_type",
        "/spark/pyFiles wrong_type"
    )]
    [InlineData("type: spark\nspark: {application: a.py, conf: {}}", "/spark/conf unknown_field")]
    // Templates.
    [InlineData("type: noop\nnoop: {a: '{{'}", "/noop/a template")]
    [InlineData("type: noop\nnoop: {a: ['x', {b: 'y {{ parameters.day }}'}]}", "/noop/a/1/b template")]
    [InlineData(
        "type: noop\nparameters: {dya: 1}\nnoop: {a: '{{ parameters.day }} {{ parameters.day }}'}",
        "/noop/a template",
        "/noop/a template"
    )]
    [InlineData("type: noop\nparameters: {day: 1}\nnoop: {a: '{{ parameters.day.x }}'}", "/noop/a template")]
    [InlineData("type: noop\nnoop: {a: '{{ tasks.b.outputs.x }}'}", "/noop/a template")]
    [InlineData("type: noop\nnoop: {a: '{{ tasks.main.outputs.x }}'}", "/noop/a template")]
    [InlineData(
        "type: noop\nnoop: {a: '{{ env.HOME }}', b: '{{ 1 + 1 }}', c: '{{ parameters.a | upper }}'}",
        "/noop/a template",
        "/noop/b template",
        "/noop/c template"
    )]
    [InlineData(
        "tasks: [{name: a, type: noop, noop: {x: '{{ tasks.b.outputs.x }}'}}, {name: b, type: noop, dependsOn: [a]}]",
        "/tasks/0/noop/x template"
    )]
    public void Every_fault_is_told_with_its_place_and_kind(string text, params string[] faults)
    {
        var result = Reading.Job(text);
        Assert.Equal(JobReadFailure.Wrong, result.Failure);
        Assert.Equal(faults.Order(), result.Faults.Select(f => $"{f.Pointer} {f.Code}").Order());
        Assert.All(result.Faults, f => Assert.InRange(f.Line!.Value, 1, text.Split('\n').Length));
        Assert.All(result.Faults, f => Assert.InRange(f.Detail.Length, 10, 400));
    }

    [Fact]
    public void A_cycle_is_named()
    {
        var result = Reading.Job(
            """
            tasks:
              - {name: start, type: noop}
              - {name: a, type: noop, dependsOn: [start, c]}
              - {name: b, type: noop, dependsOn: [a]}
              - {name: c, type: noop, dependsOn: [b]}
              - {name: after, type: noop, dependsOn: [c]}
              - {name: x, type: noop, dependsOn: [y]}
              - {name: y, type: noop, dependsOn: [after, x]}
            """
        );
        Assert.Equal(
            ["/tasks/1/dependsOn/1 cycle", "/tasks/5/dependsOn/0 cycle"],
            result.Faults.Select(f => $"{f.Pointer} {f.Code}")
        );
        Assert.Contains("a -> c -> b -> a", result.Faults[0].Detail, StringComparison.Ordinal);
        Assert.Contains("x -> y -> x", result.Faults[1].Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1000, 0)]
    [InlineData(1001, 1)]
    public void A_job_has_at_most_a_thousand_tasks(int count, int faults)
    {
        var chain = Enumerable
            .Range(0, count)
            .Select(i =>
                $"{{\"name\": \"t{i}\", \"type\": \"noop\", \"dependsOn\": [{(i == 0 ? "" : $"\"t{i - 1}\"")}]}}"
            );
        Assert.Equal(faults, Reading.Job($"{{\"tasks\": [{string.Join(",", chain)}]}}").Faults.Count);
    }

    [Fact]
    public void A_ring_of_a_thousand_tasks_is_one_short_fault()
    {
        var ring = Enumerable
            .Range(0, 1000)
            .Select(i => $"{{\"name\": \"t{i}\", \"type\": \"noop\", \"dependsOn\": [\"t{(i + 1) % 1000}\"]}}");
        var fault = Assert.Single(Reading.Job($"{{\"tasks\": [{string.Join(",", ring)}]}}").Faults);
        Assert.Equal(("/tasks/0/dependsOn/0", "cycle"), (fault.Pointer, fault.Code));
        Assert.InRange(fault.Detail.Length, 10, 400);
    }

    [Fact]
    public void A_dense_graph_full_of_templates_is_checked_in_moments()
    {
        var tasks = Enumerable
            .Range(0, 400)
            .Select(i =>
                $"{{\"name\": \"t{i}\", \"type\": \"noop\", \"dependsOn\": [{string.Join(",", Enumerable.Range(0, i).Select(j => $"\"t{j}\""))}], "
                + $"\"noop\": {{\"a\": \"{(i == 0 ? "" : "{{ tasks.t0.outputs.x }}")}\"}}}}"
            );
        var before = System.Diagnostics.Stopwatch.GetTimestamp();
        Assert.Empty(Reading.Job($"{{\"tasks\": [{string.Join(",", tasks)}]}}").Faults);
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(before) < TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void A_fault_s_line_is_told_for_JSON_too()
    {
        var result = Reading.Reader.Read(
            Encoding.UTF8.GetBytes("{\n  \"type\": \"noop\",\n  \"retry\": {\n    \"maxAttempts\": 0\n  }\n}")
        );
        Assert.Equal(4, Assert.Single(result.Faults).Line);
    }
}
