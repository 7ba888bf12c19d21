using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Tests.Unit.Engines.Spark.Yarn;

public sealed class YarnClusterTests
{
    private static readonly SparkSubmission Chosen = new(
        "0f8fad5b-d9cb-469f-a165-70867728950e/1",
        CannedYarn.Id,
        DateTimeOffset.UnixEpoch
    );

    [Fact]
    public async Task A_submission_is_posted_once_by_the_named_user_and_is_there_when_the_store_has_it()
    {
        await using var yarn = await CannedYarn.StartAsync();
        var looks = 0;
        yarn.First = async (context, what) =>
        {
            if (what != $"GET apps/{CannedYarn.Id}/state")
            {
                return false;
            }

            await CannedYarn.WriteAsync(
                context,
                looks++ > 2 ? """{"state":"ACCEPTED"}""" : """{"state":"NEW_SAVING"}"""
            );
            return true;
        };
        var cluster = yarn.Cluster();

        var identity = await cluster.ChooseIdentityAsync(Application(), CancellationToken.None);
        var submitted = await cluster.SubmitAsync(Application(), Chosen, CancellationToken.None);

        Assert.Equal(CannedYarn.Id, identity);
        Assert.Equal(CannedYarn.Id, submitted.ApplicationId);
        Assert.Equal(1, yarn.Count("POST apps"));
        Assert.Equal(4, looks);
        Assert.All(yarn.Asked, asked => Assert.Contains("user.name=alice", asked.Query, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_never_left_its_queue_has_no_log_to_wait_for()
    {
        await using var yarn = await CannedYarn.StartAsync();
        yarn.First = async (context, what) =>
        {
            if (!what.EndsWith("/appattempts", StringComparison.Ordinal))
            {
                return false;
            }

            await CannedYarn.WriteAsync(
                context,
                """{"appAttempts": {"appAttempt": [{"id": 1, "containerId": "", "nodeHttpAddress": ""}]}}"""
            );
            return true;
        };

        await yarn.Cluster()
            .ReadLogsAsync(
                Chosen,
                new Dictionary<string, long>(),
                true,
                line => Assert.Fail(line.Text),
                CancellationToken.None
            );

        // Whether its logs are collected is not even asked for.
        Assert.Equal(0, yarn.Count($"GET apps/{CannedYarn.Id}"));
        Assert.NotEmpty(yarn.Asked);
    }

    [Theory]
    [InlineData("INITIALIZING")]
    [InlineData("STANDBY")]
    public async Task Nothing_is_posted_while_no_resource_manager_is_active(string state)
    {
        await using var yarn = await CannedYarn.StartAsync();
        yarn.HaState = state;
        var cluster = yarn.Cluster();

        await Assert.ThrowsAsync<SparkClusterUnavailableException>(() =>
            cluster.SubmitAsync(Application(), Chosen, CancellationToken.None)
        );

        Assert.DoesNotContain(yarn.Asked, asked => asked.What.StartsWith("POST", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_active_one_of_several_is_found_and_kept()
    {
        await using var standby = await CannedYarn.StartAsync();
        await using var active = await CannedYarn.StartAsync();
        standby.HaState = "STANDBY";
        standby.First = (context, what) =>
        {
            if (what == "GET info")
            {
                return Task.FromResult(false);
            }

            context.Response.StatusCode = 307;
            context.Response.Headers.Location = "http://elsewhere.invalid/";
            return Task.FromResult(true);
        };
        var cluster = standby.Cluster("http://127.0.0.1:1", standby.Address, active.Address);

        await cluster.SubmitAsync(Application(), Chosen, CancellationToken.None);
        await cluster.ChooseIdentityAsync(Application(), CancellationToken.None);
        var status = await cluster.FindAsync(Chosen, CancellationToken.None);

        Assert.Equal(SparkState.Pending, status?.State);
        Assert.Equal(0, standby.Count("POST apps"));
        Assert.Equal(1, active.Count("POST apps"));
        Assert.Equal(1, active.Count("POST apps/new-application"));
    }

    [Fact]
    public async Task With_none_to_be_reached_the_words_say_what_each_said()
    {
        await using var yarn = await CannedYarn.StartAsync();
        yarn.HaState = "INITIALIZING";
        var cluster = yarn.Cluster("http://127.0.0.1:1", yarn.Address);

        var e = await Assert.ThrowsAsync<SparkClusterUnavailableException>(() =>
            cluster.FindAsync(Chosen, CancellationToken.None)
        );

        Assert.Contains("http://127.0.0.1:1/ cannot be reached", e.Message, StringComparison.Ordinal);
        Assert.Contains("is starting", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_answer_is_made_good_by_the_same_request()
    {
        await using var yarn = await CannedYarn.StartAsync();
        var posts = 0;
        yarn.First = (context, what) =>
        {
            if (what != "POST apps" || posts++ > 0)
            {
                return Task.FromResult(false);
            }

            yarn.Applications[CannedYarn.Id] = CannedYarn.App(CannedYarn.Id, "ACCEPTED");
            context.Abort();
            return Task.FromResult(true);
        };

        var submitted = await yarn.Cluster().SubmitAsync(Application(), Chosen, CancellationToken.None);

        Assert.Equal(CannedYarn.Id, submitted.ApplicationId);
        var bodies = yarn.Asked.Where(asked => asked.What == "POST apps").Select(asked => asked.Body).ToList();
        Assert.Equal(2, bodies.Count);
        Assert.Equal(bodies[0], bodies[1]);
        Assert.Single(yarn.Applications);
    }

    [Fact]
    public async Task A_request_only_goes_to_the_process_that_said_it_is_active()
    {
        await using var yarn = await CannedYarn.StartAsync();
        var dies = 1;
        var asked = 0;
        yarn.First = (context, what) =>
        {
            if (what == "GET info" && ++asked == 1 && dies-- > 0)
            {
                context.Response.OnCompleted(() =>
                {
                    context.Abort();
                    return Task.CompletedTask;
                });
            }

            return Task.FromResult(false);
        };

        await yarn.Cluster().SubmitAsync(Application(), Chosen, CancellationToken.None);

        var all = yarn.Asked.ToList();
        var posts = all.Where(a => a.What == "POST apps").ToList();
        Assert.Single(posts);
        var connection = all.Where(a => a.Connection == posts[0].Connection).Select(a => a.What).ToList();
        Assert.Equal(["GET info", "POST apps"], connection);
        Assert.True(asked >= 2, "the submission began again with a new question");
    }

    [Fact]
    public async Task A_no_is_a_no()
    {
        await using var yarn = await CannedYarn.StartAsync();
        yarn.First = async (context, what) =>
        {
            if (what != "POST apps")
            {
                return false;
            }

            context.Response.StatusCode = 403;
            await context.Response.WriteAsync("User alice does not have permission to submit to queue default");
            return true;
        };

        var e = await Assert.ThrowsAsync<SparkRefusedException>(() =>
            yarn.Cluster().SubmitAsync(Application(), Chosen, CancellationToken.None)
        );

        Assert.True(e.Error.Permanent);
        Assert.Contains("alice", e.Error.Message, StringComparison.Ordinal);
        Assert.Contains("queue default", e.Error.Message, StringComparison.Ordinal);
        Assert.Equal(1, yarn.Count("POST apps"));
    }

    [Fact]
    public async Task What_took_an_application_and_does_not_know_it_is_asked_again()
    {
        await using var yarn = await CannedYarn.StartAsync();
        var posts = 0;
        yarn.First = (context, what) =>
        {
            // Its death before it had stored the first one.
            if (what != "POST apps" || posts++ > 0)
            {
                return Task.FromResult(false);
            }

            context.Response.StatusCode = 202;
            yarn.StartedOn = 2;
            return Task.FromResult(true);
        };

        await yarn.Cluster().SubmitAsync(Application(), Chosen, CancellationToken.None);

        Assert.Equal(2, yarn.Count("POST apps"));
        Assert.Single(yarn.Applications);
    }

    [Fact]
    public async Task Absence_is_believed_of_one_process_that_was_active_all_the_time()
    {
        await using var yarn = await CannedYarn.StartAsync();
        var cluster = yarn.Cluster();

        Assert.Null(await cluster.FindAsync(Chosen, CancellationToken.None));

        yarn.HaState = "INITIALIZING";
        await Assert.ThrowsAsync<SparkClusterUnavailableException>(() =>
            cluster.FindAsync(Chosen, CancellationToken.None)
        );

        yarn.HaState = "ACTIVE";
        yarn.First = (_, what) =>
        {
            // It starts again between two questions.
            yarn.StartedOn += what == "GET apps/" + CannedYarn.Id ? 1 : 0;
            return Task.FromResult(false);
        };
        await Assert.ThrowsAsync<SparkClusterUnavailableException>(() =>
            cluster.FindAsync(Chosen, CancellationToken.None)
        );

        // A gateway that knows no such path is no proof either.
        yarn.First = async (context, what) =>
        {
            if (what.StartsWith("GET apps", StringComparison.Ordinal))
            {
                await CannedYarn.WriteAsync(context, "no such page", 404);
            }

            return what.StartsWith("GET apps", StringComparison.Ordinal);
        };
        await Assert.ThrowsAsync<SparkClusterUnavailableException>(() =>
            cluster.FindAsync(Chosen, CancellationToken.None)
        );
    }

    [Theory]
    [InlineData("default", null, null)]
    [InlineData("root.default", null, null)]
    [InlineData("red", null, null)]
    [InlineData("none", "invalid", "no queue none. There are: root.default, root.etl, root.teams.red.")]
    [InlineData("teams", "invalid", "only holds other queues: root.teams.red")]
    [InlineData("etl", "temporary", "STOPPED")]
    public async Task The_queue_is_looked_at_first(string queue, string? failure, string? part)
    {
        await using var yarn = await CannedYarn.StartAsync();

        var error = await yarn.Cluster().CheckAsync(Application() with { Queue = queue }, CancellationToken.None);

        Assert.Equal(failure, error?.Class);
        Assert.Contains(part ?? "", error?.Message ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task So_are_rights_and_the_largest_container()
    {
        await using var yarn = await CannedYarn.StartAsync();
        yarn.First = async (context, what) =>
        {
            if (what != "GET queues/default/access")
            {
                return false;
            }

            await CannedYarn.WriteAsync(context, """{"allowed":false,"user":"alice"}""");
            return true;
        };
        var cluster = yarn.Cluster();

        var rights = await cluster.CheckAsync(Application(), CancellationToken.None);
        var driver = await cluster.CheckAsync(Sized("spark.driver.memory", "4g"), CancellationToken.None);
        var executor = await cluster.CheckAsync(Sized("spark.executor.cores", "5"), CancellationToken.None);

        Assert.Equal("invalid", rights?.Class);
        Assert.Contains("alice", rights?.Message, StringComparison.Ordinal);
        Assert.Equal(
            "The driver needs 4505 MiB with its overhead, and YARN gives no container more than 4096 MiB.",
            driver?.Message
        );
        Assert.Equal("The executor needs 5 cores, and YARN gives no container more than 4.", executor?.Message);
        Assert.Equal(1, yarn.Count("POST apps/new-application"));
        Assert.Equal(1, yarn.Count("GET scheduler"));

        static SparkApplication Sized(string name, string value) =>
            Application() with
            {
                Properties = new Dictionary<string, string>(Application().Properties) { [name] = value },
            };
    }

    [Theory]
    [InlineData("NEW", "UNDEFINED", "", SparkState.Pending, null, null)]
    [InlineData("ACCEPTED", "UNDEFINED", "", SparkState.Pending, null, null)]
    [InlineData("ACCEPTED", "UNDEFINED", "Attempt recovered after RM restart", SparkState.Running, null, null)]
    [InlineData("RUNNING", "UNDEFINED", "", SparkState.Running, null, null)]
    [InlineData("RUNNING", "UNDEFINED", "Attempt recovered after RM restart", SparkState.Running, null, null)]
    [InlineData("FINISHED", "SUCCEEDED", "", SparkState.Succeeded, null, null)]
    [InlineData("FINISHED", "FAILED", "User application exited with status 3", SparkState.Failed, "exit_code", 3)]
    [InlineData(
        "FINISHED",
        "FAILED",
        "User class threw exception: java.lang.IllegalStateException: no",
        SparkState.Failed,
        "error",
        null
    )]
    [InlineData("FINISHED", "KILLED", "", SparkState.Killed, "killed", null)]
    [InlineData("FINISHED", "UNDEFINED", "", SparkState.Failed, "error", null)]
    [InlineData(
        "KILLED",
        "KILLED",
        "Application application_1_1 was killed by user root at 127.0.0.1",
        SparkState.Killed,
        "killed",
        null
    )]
    [InlineData(
        "FAILED",
        "FAILED",
        "AM Container for appattempt_1 exited with  exitCode: 13\nFailing this attempt.",
        SparkState.Failed,
        "exit_code",
        13
    )]
    [InlineData(
        "FAILED",
        "FAILED",
        "exited with  exitCode: -104\nis running beyond physical memory limits",
        SparkState.Failed,
        "out_of_memory",
        null
    )]
    [InlineData(
        "FAILED",
        "FAILED",
        "exited with  exitCode: -100\nContainer released on a *lost* node",
        SparkState.Lost,
        "temporary",
        null
    )]
    [InlineData(
        "FAILED",
        "FAILED",
        "exited with  exitCode: 137\nKilled by external signal",
        SparkState.Failed,
        "killed",
        137
    )]
    [InlineData(
        "FAILED",
        "FAILED",
        "exited with  exitCode: -1000\nResource file:/x changed on src filesystem (expected 1, was 2)",
        SparkState.Failed,
        "temporary",
        null
    )]
    [InlineData(
        "FAILED",
        "FAILED",
        "ApplicationMaster for attempt appattempt_1 timed out. Failing the application.",
        SparkState.Lost,
        "temporary",
        null
    )]
    [InlineData(
        "FAILED",
        "FAILED",
        "Application application_1_1 submitted by user root to unknown queue: nope",
        SparkState.Failed,
        "invalid",
        null
    )]
    public async Task States_are_read_with_their_final_status_and_diagnostics(
        string state,
        string finalStatus,
        string diagnostics,
        object expected,
        string? failure,
        int? code
    )
    {
        await using var yarn = await CannedYarn.StartAsync();
        yarn.Applications[CannedYarn.Id] = CannedYarn.App(CannedYarn.Id, state, finalStatus, diagnostics);

        var status = await yarn.Cluster().FindAsync(Chosen, CancellationToken.None);

        Assert.Equal((SparkState)expected, status?.State);
        Assert.Equal(failure, status?.Error?.Class);
        Assert.Equal(code, status?.Error?.ExitCode);
        Assert.Equal((SparkState)expected == SparkState.Pending, status?.PendingCause is not null);
        Assert.Equal(CannedYarn.Id, status?.ApplicationId);
    }

    [Theory]
    [InlineData("SUBMITTED", "", "the ResourceManager is taking it in")]
    [InlineData(
        "ACCEPTED",
        "[Thu Nov 26 05:00:00 +0000 2026] Application is added to the scheduler and is not yet activated. Queue's AM resource limit exceeded.  Details : AM Partition = <DEFAULT_PARTITION>;",
        "queue root.default already has as many drivers as it may"
    )]
    [InlineData(
        "ACCEPTED",
        "[Thu Nov 26 05:00:00 +0000 2026] Application is added to the scheduler and is not yet activated. User's AM resource limit exceeded.",
        "the user already has as many drivers in queue root.default as one user may"
    )]
    [InlineData(
        "ACCEPTED",
        "[x] Application is added to the scheduler and is not yet activated. Skipping AM assignment as cluster resource is empty.",
        "the cluster has no running node"
    )]
    [InlineData(
        "ACCEPTED",
        "[Thu Nov 26 05:00:00 +0000 2026] Application is Activated, waiting for resources to be assigned for AM.",
        "queue root.default has no room for its driver now"
    )]
    [InlineData("ACCEPTED", "", "queue root.default has not started it yet")]
    public async Task Why_it_waits_is_said_in_words(string state, string diagnostics, string words)
    {
        await using var yarn = await CannedYarn.StartAsync();
        yarn.Applications[CannedYarn.Id] = CannedYarn.App(CannedYarn.Id, state, diagnostics: diagnostics);

        var status = await yarn.Cluster().FindAsync(Chosen, CancellationToken.None);

        Assert.Equal(words, status?.PendingCause);
    }

    [Fact]
    public async Task A_kill_ends_when_the_nodes_have_nothing_left_of_it()
    {
        await using var yarn = await CannedYarn.StartAsync();
        yarn.Applications[CannedYarn.Id] = CannedYarn.App(CannedYarn.Id, "RUNNING");
        var (looks, nodes) = (
            0,
            new Queue<string>(["RUNNING", "FINISHING_CONTAINERS_WAIT", "APPLICATION_RESOURCES_CLEANINGUP"])
        );
        yarn.First = async (context, what) =>
        {
            if (what.EndsWith("/appattempts", StringComparison.Ordinal))
            {
                await CannedYarn.WriteAsync(context, yarn.Attempt("container_1_000001"));
                return true;
            }

            if (what == $"GET /ws/v1/node/apps/{CannedYarn.Id}")
            {
                await CannedYarn.WriteAsync(context, $$$"""{"app":{"state":"{{{nodes.Dequeue()}}}"}}""");
                return true;
            }

            if (what == "GET apps/" + CannedYarn.Id && ++looks == 3)
            {
                yarn.Applications[CannedYarn.Id]["state"] = "KILLED";
            }

            return false;
        };

        await yarn.Cluster().KillAsync(Chosen, CancellationToken.None);

        Assert.Empty(nodes);
        Assert.True(yarn.Count($"PUT apps/{CannedYarn.Id}/state") >= 1);
    }

    [Fact]
    public async Task A_kill_of_what_never_arrived_uses_its_id_up()
    {
        await using var yarn = await CannedYarn.StartAsync();
        yarn.First = (_, what) =>
        {
            if (what == "POST apps")
            {
                // A queue of that name is nowhere.
                yarn.Applications[CannedYarn.Id] = CannedYarn.App(
                    CannedYarn.Id,
                    "FAILED",
                    "FAILED",
                    "to unknown queue"
                );
            }

            return Task.FromResult(false);
        };

        await yarn.Cluster().KillAsync(Chosen, CancellationToken.None);

        var post = Assert.Single(yarn.Asked, asked => asked.What == "POST apps");
        var body = JsonNode.Parse(post.Body)!;
        Assert.Equal(CannedYarn.Id, body["application-id"]!.GetValue<string>());
        Assert.Equal("true", body["am-container-spec"]!["commands"]!["command"]!.GetValue<string>());
    }

    [Fact]
    public async Task What_spark_submit_submits_is_found_and_ended_by_its_tag()
    {
        await using var yarn = await CannedYarn.StartAsync();
        yarn.First = (context, what) =>
            what == "GET apps" ? AnswerAsync(context, yarn.Applications.Values) : Task.FromResult(false);
        var cluster = yarn.Cluster();
        var application = Application() with { Way = SubmissionWay.SparkSubmit };

        var identity = await cluster.ChooseIdentityAsync(application, CancellationToken.None);
        var chosen = Chosen with { Identity = identity };
        Assert.Equal("sje-0f8fad5b-d9cb-469f-a165-70867728950e-1", identity);
        Assert.Equal(SubmissionWay.SparkSubmit, cluster.WayOf(identity));
        Assert.Equal(SubmissionWay.Rest, cluster.WayOf(CannedYarn.Id));
        Assert.Equal(0, yarn.Count("POST apps/new-application"));
        Assert.Null(await cluster.FindAsync(chosen, CancellationToken.None));
        // Nothing can be used up where YARN gives the id.
        await cluster.KillAsync(chosen, CancellationToken.None);
        Assert.Equal(0, yarn.Count("POST apps"));

        // One that ended is passed over for one that runs.
        yarn.Applications["application_1_0001"] = CannedYarn.App("application_1_0001", "FAILED");
        yarn.Applications["application_1_0002"] = CannedYarn.App("application_1_0002", "RUNNING");
        yarn.Applications["application_1_0003"] = CannedYarn.App("application_1_0003", "KILLED");
        var status = await cluster.FindAsync(chosen, CancellationToken.None);
        Assert.Equal((SparkState.Running, "application_1_0002"), (status!.State, status.ApplicationId));
        Assert.Contains(
            yarn.Asked,
            asked =>
                asked.What == "GET apps"
                && asked.Query.Contains("applicationTags=" + identity, StringComparison.Ordinal)
                && asked.Query.Contains("user.name=alice", StringComparison.Ordinal)
        );

        yarn.Applications["application_1_0002"] = CannedYarn.App("application_1_0002", "KILLED");
        await cluster.KillAsync(chosen, CancellationToken.None);
        Assert.Equal(1, yarn.Count("PUT apps/application_1_0002/state"));

        static async Task<bool> AnswerAsync(HttpContext context, IEnumerable<JsonObject> applications)
        {
            var list = new JsonArray([.. applications.Select(app => (JsonNode)app.DeepClone())]);
            var apps = list.Count == 0 ? new JsonObject() : new JsonObject { ["app"] = list };
            await CannedYarn.WriteAsync(context, new JsonObject { ["apps"] = apps }.ToJsonString());
            return true;
        }
    }

    [Fact]
    public async Task That_nothing_carries_a_tag_is_believed_of_one_process_that_was_active_all_the_time()
    {
        await using var yarn = await CannedYarn.StartAsync();
        var restarts = false;
        yarn.First = async (context, what) =>
        {
            if (what != "GET apps")
            {
                return false;
            }

            if (restarts)
            {
                yarn.StartedOn++;
            }

            await CannedYarn.WriteAsync(context, """{"apps":{}}""");
            return true;
        };
        var cluster = yarn.Cluster();
        var chosen = Chosen with { Identity = "sje-x-1" };

        Assert.Null(await cluster.FindAsync(chosen, CancellationToken.None));
        restarts = true;
        await Assert.ThrowsAsync<SparkClusterUnavailableException>(() =>
            cluster.FindAsync(chosen, CancellationToken.None)
        );
        (restarts, yarn.HaState) = (false, "INITIALIZING");
        await Assert.ThrowsAsync<SparkClusterUnavailableException>(() =>
            cluster.KillAsync(chosen, CancellationToken.None)
        );
    }

    [Fact]
    public async Task Spark_submit_is_told_the_tag_and_not_to_wait()
    {
        await using var yarn = await CannedYarn.StartAsync();
        var application = Application() with
        {
            Properties = new Dictionary<string, string>
            {
                ["spark.yarn.tags"] = "mine",
                ["spark.yarn.maxAppAttempts"] = "2",
            },
            Environment = new Dictionary<string, string> { ["NOTE"] = "a b" },
            Cluster = new SparkClusterOptions { Master = "yarn", NodeSparkHome = "/opt/spark" },
        };

        var told = await yarn.Cluster()
            .PrepareSparkSubmitAsync(application, Chosen with { Identity = "sje-x-1" }, "", CancellationToken.None);

        Assert.Equal("mine,sje-x-1", told["spark.yarn.tags"]);
        Assert.Equal("false", told["spark.yarn.submit.waitAppCompletion"]);
        Assert.Equal("local:/opt/spark/jars/*", told["spark.yarn.jars"]);
        Assert.Equal("a b", told["spark.yarn.appMasterEnv.NOTE"]);
        Assert.False(told.ContainsKey("spark.yarn.maxAppAttempts"));
    }

    [Fact]
    public async Task Logs_are_copied_without_header_and_footer_and_go_on_where_they_stopped()
    {
        await using var yarn = await CannedYarn.StartAsync();
        yarn.Applications[CannedYarn.Id] = CannedYarn.App(CannedYarn.Id, "RUNNING");
        var output = "one\ntwo\nhal";
        var grows = "";
        yarn.First = async (context, what) =>
        {
            if (what.EndsWith("/appattempts", StringComparison.Ordinal))
            {
                await CannedYarn.WriteAsync(context, yarn.Attempt("container_1_1_01_000001"));
            }
            else if (what.EndsWith("/container_1_1_01_000001/logs", StringComparison.Ordinal))
            {
                await CannedYarn.WriteAsync(
                    context,
                    $$$"""{"containerLogsInfo":{"containerLogInfo":[{"fileName":"stdout","fileSize":"{{{output.Length}}}"},{"fileName":"launch_container.sh","fileSize":"9"}]}}"""
                );
                (output, grows) = (output + grows, "");
            }
            else if (what.EndsWith("/logs/stdout", StringComparison.Ordinal))
            {
                var size = -int.Parse(
                    context.Request.Query["size"]!,
                    System.Globalization.CultureInfo.InvariantCulture
                );
                var comes = Math.Min(size, output.Length);
                await context.Response.Body.WriteAsync(
                    Encoding.UTF8.GetBytes(
                        $"Container: c on n\nLogAggregationType: LOCAL\n=====\nLogType:stdout\nLogLength:{output.Length}\nLogContents:\n{output[^comes..]}\nEnd of LogType:stdout\n*****\n\n"
                    )
                );
            }
            else
            {
                return false;
            }

            return true;
        };
        var cluster = yarn.Cluster();
        var positions = new Dictionary<string, long>();
        var lines = new List<SparkLogLine>();

        await cluster.ReadLogsAsync(Chosen, positions, false, lines.Add, CancellationToken.None);
        Assert.Equal(["one", "two"], lines.Select(line => line.Text));
        Assert.Equal(8, positions["container_1_1_01_000001/stdout"]);

        // It grows between the question for its length and the one for its end.
        grows = "f\nthree\nLogContents:\nrest";
        await cluster.ReadLogsAsync(Chosen, positions, false, lines.Add, CancellationToken.None);
        await cluster.ReadLogsAsync(Chosen, positions, false, lines.Add, CancellationToken.None);
        Assert.Equal(["one", "two", "half", "three", "LogContents:"], lines.Select(line => line.Text));

        yarn.Applications[CannedYarn.Id] = CannedYarn.App(CannedYarn.Id, "FINISHED", "SUCCEEDED");
        await cluster.ReadLogsAsync(Chosen, positions, true, lines.Add, CancellationToken.None);
        await cluster.ReadLogsAsync(Chosen, positions, true, lines.Add, CancellationToken.None);
        Assert.Equal(["one", "two", "half", "three", "LogContents:", "rest"], lines.Select(line => line.Text));
        Assert.All(lines, line => Assert.Equal(("driver", LogStream.Stdout), (line.Source, line.Stream)));
    }

    [Fact]
    public async Task Health_says_what_there_is_or_why_nothing_is_known()
    {
        await using var yarn = await CannedYarn.StartAsync();
        yarn.First = async (context, what) =>
        {
            if (what != "GET metrics")
            {
                return false;
            }

            await CannedYarn.WriteAsync(
                context,
                """{"clusterMetrics":{"activeNodes":2,"lostNodes":1,"totalMB":8192,"allocatedMB":"1024","totalVirtualCores":8,"allocatedVirtualCores":1}}"""
            );
            return true;
        };
        var cluster = yarn.Cluster();

        var health = await cluster.HealthAsync(CancellationToken.None);
        yarn.HaState = "STANDBY";
        var none = await cluster.HealthAsync(CancellationToken.None);

        Assert.True(health.Up);
        Assert.Equal(
            (8, 1, 8L << 30, 1L << 30, 2),
            (health.TotalCores, health.UsedCores, health.TotalMemoryBytes, health.UsedMemoryBytes, health.Nodes)
        );
        Assert.Contains("2 nodes, 1 lost", health.Message, StringComparison.Ordinal);
        Assert.False(none.Up);
        Assert.Contains("standby", none.Message, StringComparison.Ordinal);
    }

    private static SparkApplication Application() =>
        new()
        {
            Attempt = new AttemptIdentity(Guid.Empty, Guid.Empty, "nightly", "main", 1),
            Name = "nightly",
            ClusterName = "yarn",
            Cluster = new SparkClusterOptions
            {
                Master = "yarn",
                User = "alice",
                NodeSparkHome = "/opt/spark",
            },
            DeployMode = "cluster",
            Resource = "local:/opt/app/main.jar",
            MainClass = "example.Main",
            IsPython = false,
            Properties = new Dictionary<string, string>
            {
                [SparkMark.Property] = "0f8fad5b-d9cb-469f-a165-70867728950e/1",
            },
        };
}
