using System.Net;
using System.Text.Json.Nodes;
using Sje.Core.Security;

namespace Sje.Tests.Integration.Api;

/// <summary>What the pages of jobs, schedules and dead letters ask for.</summary>
public sealed class OutlookTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task A_job_shows_its_last_twenty_runs_when_it_is_due_and_what_may_be_done()
    {
        await SaveAsync("looked at", """, "schedule": {"cron": "0 6 * * *"}""");
        await host.ExecuteAsync(
            """
            insert into sje.executions (id, job_id, name, job_type, queue, spec, state, task_count, accepted_at, started_at, finished_at)
            select sje.id_at(now() + i * interval '1 second'), j.id, j.name, 'process', 'default', '{}', 'succeeded', 1, now(), now(),
                now() + i * interval '1 second'
            from sje.jobs j, generate_series(1, 25) i where j.name = 'looked at'
            """
        );
        var paused = await PostAsync("/api/v1/jobs/looked%20at/pause", """{"reason": "bad data"}""");

        var item = (await GetAsync("/api/v1/jobs?q=looked"))["items"]![0]!;
        var runs = item["lastRuns"]!.AsArray();

        Assert.Equal(20, runs.Count);
        Assert.Equal(("succeeded", 25000), ((string?)runs[0]!["state"], runs[0]!["durationMs"]!.GetValue<long>()));
        Assert.NotNull(item["nextAt"]);
        Assert.Equal(["run", "edit", "delete", "resume"], Actions(item));
        Assert.Equal(("anonymous", "bad data"), ((string?)paused["pausedBy"], (string?)item["pauseReason"]));
        var resumed = await PostAsync("/api/v1/jobs/looked%20at/resume", "{}");
        Assert.Contains("pause", Actions(resumed));
        Assert.Null(resumed["pausedBy"]);
    }

    [Fact]
    public async Task A_schedule_shows_what_became_of_its_last_execution_who_paused_it_and_what_may_be_done()
    {
        await SaveAsync("due");
        await host.Client.PutAsync("/api/v1/schedules/own", ApiHost.Json("""{"job": "due", "cron": "0 6 * * *"}"""));
        await SaveAsync("of a job", """, "schedule": {"cron": "0 6 * * *"}""");
        var triggered = await host.Client.PostAsync("/api/v1/schedules/own/trigger", null);
        var id = (await triggered.ReadJsonAsync())["taskId"]!.GetValue<Guid>();
        var paused = await PostAsync("/api/v1/schedules/own/pause", """{"reason": "holidays"}""");

        var own = (await GetAsync("/api/v1/schedules?q=own"))["items"]![0]!;
        var ofJob = await GetAsync("/api/v1/schedules/of%20a%20job");

        Assert.Equal(
            (id, "queued"),
            (own["lastExecution"]!["id"]!.GetValue<Guid>(), (string?)own["lastExecution"]!["state"])
        );
        Assert.Equal("holidays", (string?)paused["pauseReason"]);
        Assert.Equal(["trigger", "edit", "delete", "resume"], Actions(own));
        Assert.Equal(["trigger", "delete", "pause"], Actions(ofJob));
        Assert.Null((await PostAsync("/api/v1/schedules/own/resume", "{}"))["pausedBy"]);
    }

    [Fact]
    public async Task A_preview_tells_of_clocks_that_change_and_names_the_part_that_is_wrong()
    {
        var preview = await PostAsync(
            "/api/v1/schedules:preview",
            """{"cron": "30 2 * * *", "timeZone": "Europe/Berlin", "after": "2027-03-26T12:00:00Z", "count": 3}"""
        );
        var wrong = await host.Client.PostAsync(
            "/api/v1/schedules:preview",
            ApiHost.Json("""{"cron": "30 25 * * *"}""")
        );

        Assert.Equal("2027-03-28T03:00:00+02:00", (string?)preview["times"]![1]!["local"]);
        // Within a year from then: in March, in October, and on the last day the next March.
        Assert.Equal(["gap", "overlap", "gap"], preview["notes"]!.AsArray().Select(note => (string)note!["kind"]!));
        Assert.Equal((string?)preview["times"]![1]!["at"], (string?)preview["notes"]![0]!["dueAt"]![0]!["at"]);
        var problem = await wrong.ReadProblemAsync(422, "validation");
        Assert.Equal(["/cron"], problem.Pointers());
        Assert.Equal(
            (1, "25", 3),
            (
                problem["badPart"]!["index"]!.GetValue<int>(),
                (string?)problem["badPart"]!["text"],
                problem["badPart"]!["start"]!.GetValue<int>()
            )
        );
    }

    [Fact]
    public async Task Keys_show_what_may_be_done_to_those_who_may()
    {
        using var admin = host.ClientFor(await host.NewKeyAsync(Role.Admin));

        var keys = await (await admin.GetAsync("/mgmt/keys")).ReadJsonAsync();

        Assert.All(
            keys["items"]!.AsArray(),
            key => Assert.Equal(key!["revokedAt"] is null ? ["delete"] : [], Actions(key))
        );
    }

    [Fact]
    public async Task A_series_counts_what_ended_and_how_long_it_took()
    {
        await host.ExecuteAsync(
            """
            insert into sje.executions (id, name, job_type, queue, spec, state, task_count, accepted_at, started_at, finished_at)
            select gen_random_uuid(), 'served', 'process', 'served', '{}', case when i <= 90 then 'succeeded' else 'failed' end, 1,
                t.at, t.at + interval '2 seconds', t.at + interval '2 seconds' + i * interval '100 milliseconds'
            from generate_series(1, 100) i, (values (timestamptz '2026-03-01T10:30:00Z')) t(at)
            """
        );

        var series = await GetAsync(
            "/api/v1/executions/series?queue=served&from=2026-03-01T10:00:00Z&to=2026-03-01T11:00:00Z&points=60"
        );

        var points = series["points"]!.AsArray();
        Assert.Equal((60, 60.0), (points.Count, series["stepSeconds"]!.GetValue<double>()));
        var point = points[30]!;
        Assert.Equal(
            (90, 10),
            (point["ended"]!["succeeded"]!.GetValue<int>(), point["ended"]!["failed"]!.GetValue<int>())
        );
        Assert.Equal(5050, point["run"]!["p50Ms"]!.GetValue<double>(), 1.0);
        Assert.Equal(9901, point["run"]!["p99Ms"]!.GetValue<double>(), 2.0);
        Assert.Equal(2000, point["wait"]!["p95Ms"]!.GetValue<double>(), 1.0);
        Assert.Empty(points[29]!["ended"]!.AsObject());
        Assert.Null(points[29]!["run"]!["p50Ms"]);
        await (await host.Client.GetAsync("/api/v1/executions/series?from=2026-03-02&to=2026-03-01")).ReadProblemAsync(
            422,
            "validation"
        );
        await (await host.Client.GetAsync("/api/v1/executions/series?points=601")).ReadProblemAsync(422, "validation");
    }

    private static string[] Actions(JsonNode item) => [.. item["actions"]!.AsArray().Select(action => (string)action!)];

    private Task<HttpResponseMessage> SaveAsync(string name, string more = "") =>
        host.Client.PutAsync(
            $"/api/v1/jobs/{Uri.EscapeDataString(name)}",
            ApiHost.Json($$"""{"type": "process", "process": {"command": ["true"]}{{more}}}""")
        );

    private async Task<JsonNode> PostAsync(string path, string body)
    {
        var answer = await host.Client.PostAsync(path, ApiHost.Json(body));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.ReadJsonAsync();
    }

    private async Task<JsonNode> GetAsync(string path)
    {
        var answer = await host.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.ReadJsonAsync();
    }
}
