using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Sje.Core.Jobs;

namespace Sje.Tests.Unit.Jobs;

public class CanonicalFormTests
{
    [Fact]
    public void Reading_the_canonical_form_gives_an_equal_job() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(150),
            Prop.ForAll(
                ArbMap.Default.ArbFor<int>(),
                seed =>
                {
                    var written = new RandomJob(new Random(seed)).Write();
                    var first = Reading.Reader.Read(Encoding.UTF8.GetBytes(written.ToJsonString()));
                    Assert.Empty(first.Faults);
                    var second = Reading.Reader.Read(Encoding.UTF8.GetBytes(first.Spec!.Canonical.ToJsonString()));
                    Assert.Empty(second.Faults);
                    Assert.Equal(JsonSerializer.Serialize(first.Spec), JsonSerializer.Serialize(second.Spec));
                    var yaml = Reading.Reader.Read(Encoding.UTF8.GetBytes(YamlText.Write(first.Spec.Canonical)));
                    Assert.Empty(yaml.Faults);
                    Assert.Equal(JsonSerializer.Serialize(first.Spec), JsonSerializer.Serialize(yaml.Spec));
                }
            )
        );

    [Fact]
    public void The_canonical_form_keeps_the_order_of_the_documentation_and_leaves_defaults_out()
    {
        var job = Reading.Good(
            """
            tags: [t]
            schedule: {timeZone: UTC, cron: "0  6 * * *"}
            timeouts: {total: 120m, run: 90000ms}
            retry: {}
            resources: {memory: 1024MiB, cpus: 0}
            jobType: SparkApp
            spark: {application: a.py}
            priority: 20
            queue: default
            parameters: {n: 5}
            jobId: label
            name: x
            """
        );
        Assert.Equal(
            """{"name":"x","jobId":"label","priority":"urgent","parameters":{"n":{"type":"int","default":5}},"type":"spark","spark":{"application":"a.py"},"timeouts":{"run":"1m30s","total":"2h"},"resources":{"memory":"1GiB"},"schedule":{"cron":"0 6 * * *"},"tags":["t"]}""",
            job.Canonical.ToJsonString()
        );
    }

    [Fact]
    public void A_limit_of_a_job_and_a_key_of_its_tasks_are_written_once() =>
        Assert.Equal(
            """{"name":"x","concurrency":{"max":2,"policy":"replace","key":"prod","limit":5},"tasks":[{"name":"a","type":"noop"},{"name":"b","type":"noop"}]}""",
            Reading
                .Good(
                    """
                    name: x
                    concurrency: {max: 2, policy: replace, key: prod, limit: 5}
                    tasks: [{name: a, type: noop}, {name: b, type: noop, concurrency: {key: prod, limit: 5}}]
                    """
                )
                .Canonical.ToJsonString()
        );

    [Fact]
    public void What_a_job_says_of_retries_is_kept_as_it_was_said() =>
        Assert.Equal(
            """{"name":"x","type":"noop","retry":{"maxAttempts":3,"backoff":"linear","initialDelay":"1s","maxDelay":"1m","jitter":"none","maxElapsed":"1h","on":[{"exitCode":[64,65],"policy":"none"},{"class":"network","logPattern":"lock","policy":"critical_job"}]}}""",
            Reading
                .Good(
                    """
                    retry:
                      on:
                        - {policy: none, exitCode: [64, 65]}
                        - {logPattern: lock, class: [network], policy: critical_job}
                      maxElapsed: 60m
                      jitter: none
                      backoff: linear
                      maxAttempts: 3
                      initialDelay: 1000ms
                      maxDelay: 60s
                    type: noop
                    name: x
                    """
                )
                .Canonical.ToJsonString()
        );

    [Fact]
    public void What_all_tasks_share_is_written_once()
    {
        var tasks = string.Join(
            ",",
            Enumerable.Range(0, 1000).Select(i => $"{{\"name\": \"t{i}\", \"type\": \"noop\"}}")
        );
        var labels = string.Join(",", Enumerable.Range(0, 50).Select(i => $"\"{new string('l', 90)}{i}\""));
        var job = Reading.Good(
            $"{{\"resources\": {{\"labels\": [{labels}]}}, \"timeouts\": {{\"run\": \"5s\", \"total\": \"1h\"}}, \"tasks\": [{tasks}]}}"
        );
        Assert.InRange(job.Canonical.ToJsonString().Length, 1, 100_000);
        Assert.Equal("""{"run":"5s","total":"1h"}""", job.Canonical["timeouts"]!.ToJsonString());
    }

    [Fact]
    public void A_job_that_would_be_too_deep_in_canonical_form_is_refused_at_once()
    {
        Assert.Equal(
            [" too_deep"],
            Reading.Faults($"type: noop\nparameters: {{a: {new string('[', 62)}{new string(']', 62)}}}")
        );
        var deepest = Reading.Good($"type: noop\nparameters: {{a: {new string('[', 61)}{new string(']', 61)}}}");
        Assert.Empty(Reading.Job(deepest.Canonical.ToJsonString()).Faults);
    }

    [Fact]
    public void The_largest_job_can_be_stored_and_read_again()
    {
        var tasks = string.Join(
            ",",
            Enumerable
                .Range(0, 1000)
                .Select(i => $"{{\"name\": \"t{i}\", \"type\": \"noop\", \"resources\": {{\"cpus\": {i}}}}}")
        );
        var labels = string.Join(",", Enumerable.Repeat($"\"{new string('l', 100)}\"", 50));
        var job = Reading.Good($"{{\"resources\": {{\"labels\": [{labels}]}}, \"tasks\": [{tasks}]}}");
        var stored = Encoding.UTF8.GetBytes(job.Canonical.ToJsonString());
        Assert.InRange(stored.Length, 5_000_000, JobReadOptions.Stored.MaxBytes / 2);
        Assert.Empty(Reading.Reader.Read(stored, JobFormat.Json, JobReadOptions.Stored).Faults);
    }

    /// <summary>A valid job with about half of all fields.</summary>
    private sealed class RandomJob(Random random)
    {
        public JsonObject Write()
        {
            var job = new JsonObject();
            Maybe(job, "name", () => Name());
            Maybe(job, "jobId", () => "l/" + Name());
            Maybe(job, "description", () => "Über\n\"alles\" {{");
            Maybe(job, "queue", () => Pick("default", "etl", "a-b_9"));
            Maybe(
                job,
                "priority",
                () =>
                    random.Next(2) == 0
                        ? Pick("low", "normal", "high", "urgent", "critical")
                        : JsonValue.Create(random.Next(-100, 101))
            );
            Maybe(job, "parameters", Parameters);
            Maybe(job, "permitPartialFailures", () => random.Next(2) == 0);
            if (job["parameters"]?["asked"] is null)
            {
                Maybe(job, "schedule", Schedule);
            }

            Maybe(job, "tags", () => new JsonArray("a", "b c"));
            Common(job);
            if (job["timeouts"] is JsonObject timeouts)
            {
                Maybe(timeouts, "total", Duration);
            }

            if (random.Next(2) == 0)
            {
                Work(job);
                return job;
            }

            var tasks = new JsonArray();
            for (var i = 0; i < random.Next(1, 5); i++)
            {
                var task = new JsonObject { ["name"] = i == 0 ? "main" : $"t{i}" };
                Work(task);
                Common(task);
                Maybe(task, "queue", () => Pick("default", "x"));
                Maybe(task, "description", () => "d");
                Maybe(
                    task,
                    "dependsOn",
                    () =>
                        new JsonArray([
                            .. tasks
                                .Where(_ => random.Next(2) == 0)
                                .Select(t => JsonValue.Create(t!["name"]!.GetValue<string>())),
                        ])
                );
                tasks.Add(task);
            }

            job["tasks"] = tasks;
            return job;
        }

        private void Common(JsonObject owner)
        {
            Maybe(
                owner,
                "retry",
                () =>
                {
                    var retry = new JsonObject();
                    Maybe(retry, "policy", () => Pick("default", "fixed", "none", "network_error"));
                    if (retry["policy"]?.GetValue<string>() != "none")
                    {
                        Maybe(retry, "maxAttempts", () => random.Next(1, 101));

                        // A task that inherits "none" must name a policy to have several attempts.
                        retry["policy"] ??= retry.ContainsKey("maxAttempts") ? "default" : null;
                    }

                    Maybe(retry, "initialDelay", () => Pick("0s", "1s", "10ms"));
                    Maybe(retry, "maxDelay", () => Pick("60s", "1h1ms", "2d"));
                    Maybe(retry, "jitter", () => Pick("full", "none"));
                    Maybe(retry, "maxElapsed", Duration);
                    Maybe(retry, "on", Rules);
                    if (random.Next(2) == 0)
                    {
                        retry["backoff"] = Pick("exponential", "fixed", "linear", "fibonacci");
                    }

                    if (retry["backoff"]?.GetValue<string>() == "exponential")
                    {
                        Maybe(retry, "factor", () => random.Next(4, 400) / 4.0);
                    }

                    return retry;
                }
            );
            Maybe(
                owner,
                "timeouts",
                () =>
                {
                    var timeouts = new JsonObject();
                    Maybe(timeouts, "queued", Duration);
                    Maybe(timeouts, "run", Duration);
                    return timeouts;
                }
            );
            Maybe(
                owner,
                "resources",
                () =>
                {
                    var resources = new JsonObject();
                    Maybe(resources, "cpus", () => random.Next(0, 64) / 4.0);
                    Maybe(
                        resources,
                        "memory",
                        () =>
                            random.Next(2) == 0
                                ? Pick("1g", "1.5GiB", "7MB", "0")
                                : JsonValue.Create(random.NextInt64(1L << 50))
                    );
                    Maybe(resources, "labels", () => new JsonArray("gpu", "zone=eu"));
                    return resources;
                }
            );
        }

        private void Work(JsonObject owner)
        {
            switch (random.Next(4))
            {
                case 0:
                    owner["type"] = "noop";
                    break;
                case 1:
                    owner["jobType"] = "SparkApp";
                    owner["spark"] = new JsonObject { ["application"] = "a.jar", ["jars"] = new JsonArray() };
                    break;
                case 2:
                    owner["type"] = "process";
                    owner["process"] = new JsonObject { ["command"] = "echo {{ execution.id }}", ["stdin"] = "" };
                    break;
                default:
                    owner["type"] = "process";
                    owner["process"] = new JsonObject
                    {
                        ["command"] = new JsonArray("sleep", 5, true),
                        ["env"] = new JsonObject { ["A"] = 1.5, ["B"] = "x" },
                    };
                    break;
            }
        }

        private JsonArray Rules()
        {
            var rules = new JsonArray();
            for (var i = random.Next(3); i > 0; i--)
            {
                var rule = new JsonObject { ["policy"] = Pick("none", "default", "temporary_failure") };
                Maybe(rule, "class", () => random.Next(2) == 0 ? Pick("network") : new JsonArray("killed", "timeout"));
                Maybe(rule, "exitCode", () => random.Next(2) == 0 ? 3 : new JsonArray(1, 2.0, 255));
                Maybe(rule, "signal", () => Pick("SIGTERM", "SIGSEGV"));
                Maybe(rule, "logPattern", () => Pick("^é+$", "a|b"));
                rule["exception"] = random.Next(2) == 0 ? Pick("ValueError") : new JsonArray("java.io.IOException");
                rules.Add(rule);
            }

            return rules;
        }

        private JsonObject Parameters()
        {
            var parameters = new JsonObject();
            Maybe(parameters, "text", () => "é {{ x");
            Maybe(
                parameters,
                "odd",
                () => Pick("", " ", "no", "1_0", "a\n  b\n\n", "\n", "x: y # z", "😀\t\"\\", "-", "07", "1h", "a\n ")
            );
            Maybe(parameters, "whole", () => random.NextInt64());
            Maybe(parameters, "fraction", () => random.NextDouble());
            Maybe(parameters, "list", () => new JsonArray(1, null, new JsonObject { ["a"] = new JsonArray() }));
            Maybe(parameters, "nothing", () => null);
            Maybe(parameters, "day", () => new JsonObject { ["type"] = "date", ["default"] = "2024-02-29" });
            Maybe(
                parameters,
                "at",
                () => new JsonObject { ["type"] = "timestamp", ["default"] = "2024-02-29T01:00:00.5+02:00" }
            );
            Maybe(
                parameters,
                "asked",
                () => new JsonObject { ["type"] = Pick("int", "json", "string"), ["required"] = true }
            );
            Maybe(parameters, "converted", () => new JsonObject { ["type"] = "double", ["default"] = "1.50" });
            return parameters;
        }

        private JsonObject Schedule()
        {
            var schedule = new JsonObject
            {
                ["cron"] = Pick("0 6 * * *", "@daily", " */5  * * * MON-FRI ", "*/10 * * * * *"),
            };
            Maybe(schedule, "timeZone", () => Pick("UTC", "Europe/Berlin", "America/New_York"));
            return schedule;
        }

        private JsonValue Duration() => Pick("1ms", "90s", "1h30m", "2d", "15m", "100000s");

        private JsonValue Name() => Pick("a", "Late departures", "x-1_2.3", "Köln 東京");

        private JsonValue Pick(params string[] choices) => JsonValue.Create(choices[random.Next(choices.Length)]);

        private void Maybe(JsonObject owner, string name, Func<JsonNode?> value)
        {
            if (random.Next(2) == 0)
            {
                owner[name] = value();
            }
        }
    }
}
