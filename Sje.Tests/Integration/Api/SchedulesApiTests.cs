using System.Net;
using System.Text.Json.Nodes;

namespace Sje.Tests.Integration.Api;

public sealed class SchedulesApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    // Not due while tests run.
    private const string Yearly = "0 0 1 1 *";

    [Fact]
    public async Task A_schedule_is_made_changed_behind_its_ETag_and_deleted()
    {
        await SaveJobAsync("etl");

        var made = await PutAsync("etl-texas", Own("etl", ", \"parameters\": {\"state\": \"TX\"}"), ifNoneMatch: "*");
        var again = await PutAsync("etl-texas", Own("etl"), ifNoneMatch: "*");
        var changed = await PutAsync(
            "etl-texas",
            """{"job": "etl", "cron": "@yearly", "timeZone": "America/Chicago", "parameters": {"state": "TX", "n": 5}}""",
            ifMatch: "\"1\""
        );
        var late = await PutAsync("etl-texas", Own("etl"), ifMatch: "\"1\"");

        Assert.Equal((HttpStatusCode.Created, "\"1\""), (made.StatusCode, made.Headers.ETag!.Tag));
        Assert.Equal("/api/v1/schedules/etl-texas", made.Headers.Location!.ToString());
        await again.ReadProblemAsync(412, "version-mismatch");
        Assert.Equal((HttpStatusCode.OK, "\"2\""), (changed.StatusCode, changed.Headers.ETag!.Tag));
        Assert.Equal(2, (await late.ReadProblemAsync(412, "version-mismatch"))["currentVersion"]!.GetValue<int>());
        var got = await host.Client.GetAsync("/api/v1/schedules/etl-texas");
        Assert.Equal("\"2\"", got.Headers.ETag!.Tag);
        var schedule = await got.ReadJsonAsync();
        Assert.Equal(
            ("etl", "@yearly", "America/Chicago", false, "TX", 5),
            (
                (string?)schedule["job"],
                (string?)schedule["cron"],
                (string?)schedule["timeZone"],
                (bool)schedule["fromJob"]!,
                (string?)schedule["parameters"]!["state"],
                (int)schedule["parameters"]!["n"]!
            )
        );
        // Midnight of New Year in Chicago.
        Assert.EndsWith("-01-01T06:00:00+00:00", (string?)schedule["nextAt"], StringComparison.Ordinal);
        Assert.Null(schedule["lastFiredAt"]);

        await (await DeleteAsync("etl-texas", "\"1\"")).ReadProblemAsync(412, "version-mismatch");
        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync("etl-texas", "\"2\"")).StatusCode);
        await (await DeleteAsync("etl-texas")).ReadProblemAsync(404, "not-found");
    }

    [Theory]
    [InlineData("""{"cron": "@daily"}""", "/job")]
    [InlineData("""{"job": "checked"}""", "/cron")]
    [InlineData("""{}""", "/job", "/cron")]
    [InlineData("""{"job": "nobody", "cron": "@daily"}""", "/job")]
    [InlineData("""{"job": "checked", "cron": "* * * *"}""", "/cron")]
    [InlineData("""{"job": "checked", "cron": "0 0 31 2 *"}""", "/cron")]
    [InlineData("""{"job": "checked", "cron": "@daily", "timeZone": "Berlin"}""", "/timeZone")]
    [InlineData(
        """{"job": "checked", "cron": "@daily", "parameters": {"state": "TX", "sate": "NY"}}""",
        "/parameters/sate"
    )]
    [InlineData("""{"job": "checked", "cron": "@daily", "parameters": {"n": "many"}}""", "/parameters/n")]
    [InlineData("""{"job": "checked", "cron": "@daily", "parameters": 5}""", "/parameters")]
    [InlineData("""{"job": "checked", "cron": "@daily", "paused": "no"}""", "/paused")]
    [InlineData("""{"job": "checked", "cron": "@daily", "zone": "UTC"}""", "/zone")]
    public async Task What_is_wrong_with_it_is_told_at_its_place_and_nothing_is_saved(
        string body,
        params string[] places
    )
    {
        await SaveJobAsync("checked");

        var problem = await (await PutAsync("faulty", body)).ReadProblemAsync(422, "validation");

        Assert.Equal(places, problem.Pointers());
        await (await host.Client.GetAsync("/api/v1/schedules/faulty")).ReadProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task A_name_that_is_none_and_a_required_value_that_is_missing_are_refused()
    {
        await SaveJobAsync("asks", "\"parameters\": {\"day\": {\"type\": \"date\", \"required\": true}},");

        var name = await PutAsync("-x", """{"job": "asks", "cron": "@daily", "parameters": {"day": "2026-01-01"}}""");
        var value = await PutAsync("asking", """{"job": "asks", "cron": "@daily"}""");

        Assert.Equal(["name"], (await name.ReadProblemAsync(422, "validation")).Pointers());
        Assert.Equal(["/parameters/day"], (await value.ReadProblemAsync(422, "validation")).Pointers());
    }

    [Fact]
    public async Task The_schedule_in_a_job_file_comes_and_changes_and_goes_with_the_job()
    {
        await SaveJobAsync("nightly", Part("Europe/Berlin"));
        var made = await GetAsync("nightly");
        await SaveJobAsync("nightly", Part("UTC"));
        var changed = await GetAsync("nightly");
        await SaveJobAsync("nightly");
        var gone = await host.Client.GetAsync("/api/v1/schedules/nightly");

        Assert.Equal(
            ("nightly", true, "Europe/Berlin"),
            ((string?)made["job"], (bool)made["fromJob"]!, (string?)made["timeZone"])
        );
        Assert.EndsWith("-12-31T23:00:00+00:00", (string?)made["nextAt"], StringComparison.Ordinal);
        Assert.Equal("UTC", (string?)changed["timeZone"]);
        await gone.ReadProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task Of_a_schedule_in_a_job_file_only_the_pause_changes_here_and_deleting_it_writes_the_job()
    {
        await SaveJobAsync("bound", Part("UTC"));

        var other = await PutAsync("bound", """{"job": "bound", "cron": "@daily"}""");
        var paused = await PutAsync("bound", Own("bound", ", \"paused\": true"));
        var problem = await other.ReadProblemAsync(409, "wrong-state");

        Assert.Contains("/api/v1/jobs/bound", (string?)problem["detail"], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, paused.StatusCode);
        Assert.NotNull((await GetAsync("bound"))["pausedAt"]);
        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync("bound")).StatusCode);
        var job = await (await host.Client.GetAsync("/api/v1/jobs/bound")).ReadJsonAsync();
        Assert.Equal(2, (int)job["version"]!);
        Assert.Null(job["job"]!["schedule"]);
    }

    [Fact]
    public async Task A_job_whose_schedule_would_take_the_name_of_another_jobs_is_refused_and_not_saved()
    {
        await SaveJobAsync("first holder");
        await PutAsync("taken", Own("first holder"));

        var answer = await PutJobAsync("taken", Part("UTC"));

        Assert.Equal(["/schedule"], (await answer.ReadProblemAsync(422, "validation")).Pointers());
        await (await host.Client.GetAsync("/api/v1/jobs/taken")).ReadProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task Deleting_a_job_deletes_its_schedules()
    {
        await SaveJobAsync("leaving");
        await PutAsync("leaving-1", Own("leaving"));

        await host.Client.DeleteAsync("/api/v1/jobs/leaving");

        await (await host.Client.GetAsync("/api/v1/schedules/leaving-1")).ReadProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task A_pause_takes_the_next_time_away_and_resuming_gives_it_back()
    {
        await SaveJobAsync("paused job");
        await PutAsync("stopped", Own("paused job"));
        var before = (string?)(await GetAsync("stopped"))["nextAt"];

        var paused = await host.Client.PostAsync("/api/v1/schedules/stopped/pause", null);
        var twice = await host.Client.PostAsync("/api/v1/schedules/stopped/pause", null);
        var tag = (await host.Client.GetAsync("/api/v1/schedules/stopped")).Headers.ETag!.Tag;
        var resumed = await host.Client.PostAsync("/api/v1/schedules/stopped/resume", null);

        var view = await paused.ReadJsonAsync();
        Assert.NotNull(view["pausedAt"]);
        Assert.Null(view["nextAt"]);
        Assert.Equal((string?)view["pausedAt"], (string?)(await twice.ReadJsonAsync())["pausedAt"]);
        Assert.Equal(tag, twice.Headers.ETag!.Tag);
        view = await resumed.ReadJsonAsync();
        Assert.Null(view["pausedAt"]);
        Assert.Equal(before, (string?)view["nextAt"]);
    }

    [Fact]
    public async Task A_trigger_starts_the_job_with_the_schedules_values_and_says_so_on_the_execution()
    {
        await SaveJobAsync("by hand");
        await PutAsync("hand", Own("by hand", ", \"parameters\": {\"state\": \"TX\", \"n\": 1}, \"paused\": true"));

        var answer = await host.Client.PostAsync(
            "/api/v1/schedules/hand/trigger",
            ApiHost.Json("""{"parameters": {"n": 2}}""")
        );
        var plain = await host.Client.PostAsync("/api/v1/schedules/hand/trigger", null);

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, plain.StatusCode);
        var id = (string?)(await answer.ReadJsonAsync())["taskId"];
        var execution = await (await host.Client.GetAsync($"/api/v1/executions/{id}")).ReadJsonAsync();
        Assert.Equal(
            ("manual", "hand", "by hand", "TX", 2),
            (
                (string?)execution["trigger"],
                (string?)execution["schedule"],
                (string?)execution["name"],
                (string?)execution["parameters"]!["state"],
                (int)execution["parameters"]!["n"]!
            )
        );
        Assert.Null(execution["scheduledFor"]);
        var task = await (await host.Client.GetAsync($"/task/{id}")).ReadJsonAsync();
        Assert.Equal(("manual", "hand"), ((string?)task["trigger"], (string?)task["schedule"]));
        Assert.Equal(
            (string?)(await plain.ReadJsonAsync())["taskId"],
            (string?)(await GetAsync("hand"))["lastExecutionId"]
        );
    }

    [Fact]
    public async Task A_trigger_under_a_key_happens_once_and_wrong_values_start_nothing()
    {
        await SaveJobAsync("keyed job");
        await PutAsync("keyed", Own("keyed job"));

        var first = await TriggerAsync("""{"idempotencyKey": "k 1", "parameters": {"n": 4}}""");
        var again = await TriggerAsync("""{"idempotencyKey": "k 1", "parameters": {"n": 4}}""");
        var other = await TriggerAsync("""{"idempotencyKey": "k 1", "parameters": {"n": 5}}""");
        var wrong = await TriggerAsync("""{"parameters": {"n": "x", "m": 1}}""");

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.OK), (first.StatusCode, again.StatusCode));
        Assert.Equal(
            (string?)(await first.ReadJsonAsync())["taskId"],
            (string?)(await again.ReadJsonAsync())["taskId"]
        );
        await other.ReadProblemAsync(422, "idempotency-key-reused");
        Assert.Equal(["/parameters/n", "/parameters/m"], (await wrong.ReadProblemAsync(422, "validation")).Pointers());
        Assert.Equal(1, await host.CountAsync("select count(*) from sje.executions where name = 'keyed job'"));

        Task<HttpResponseMessage> TriggerAsync(string body) =>
            host.Client.PostAsync("/api/v1/schedules/keyed/trigger", ApiHost.Json(body));
    }

    [Fact]
    public async Task A_preview_shows_due_times_across_a_change_of_clocks()
    {
        // Berlin goes to summer time on 2026-03-29 at 02:00.
        var fixedTime = await PreviewAsync(
            """{"cron": "30 2 * * *", "timeZone": "Europe/Berlin", "count": 3, "after": "2026-03-27T12:00:00Z"}"""
        );
        var interval = await PreviewAsync(
            """{"cron": "*/30 * * * *", "timeZone": "Europe/Berlin", "count": 3, "after": "2026-03-29T00:00:00Z"}"""
        );
        var plain = await PreviewAsync("""{"cron": "@daily"}""");
        var many = await PreviewAsync("""{"cron": "* * * * * *", "count": 1000}""");

        Assert.Equal(
            ["2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"],
            Locals(fixedTime)
        );
        Assert.Equal("2026-03-29T01:00:00+00:00", (string?)fixedTime["times"]![1]!["at"]);
        Assert.Equal(
            ["2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"],
            Locals(interval)
        );
        Assert.Equal(("UTC", 10), ((string?)plain["timeZone"], plain["times"]!.AsArray().Count));
        Assert.Equal(1000, many["times"]!.AsArray().Count);

        async Task<JsonNode> PreviewAsync(string body)
        {
            var answer = await host.Client.PostAsync("/api/v1/schedules:preview", ApiHost.Json(body));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            return await answer.ReadJsonAsync();
        }
    }

    [Fact]
    public async Task A_schedule_is_previewed_in_its_zone_paused_or_not_and_no_further_than_a_thousand_times()
    {
        await SaveJobAsync("previewed");
        await PutAsync("soon", Own("previewed", ", \"timeZone\": \"Asia/Tokyo\", \"paused\": true"));

        var preview = await (await host.Client.GetAsync("/api/v1/schedules/soon/preview?count=2")).ReadJsonAsync();
        var tooMany = await host.Client.GetAsync("/api/v1/schedules/soon/preview?count=1001");

        Assert.All(Locals(preview), local => Assert.EndsWith("-01-01T00:00:00+09:00", local, StringComparison.Ordinal));
        Assert.Equal(2, Locals(preview).Length);
        Assert.Equal(["count"], (await tooMany.ReadProblemAsync(422, "validation")).Pointers());
    }

    [Fact]
    public async Task The_list_pages_through_every_schedule_and_finds_by_job_and_by_part_of_a_name()
    {
        await SaveJobAsync("listed a");
        await SaveJobAsync("listed b");
        foreach (var i in Enumerable.Range(0, 5))
        {
            await PutAsync($"list {i}", Own(i < 3 ? "listed a" : "listed b"));
        }

        Assert.Equal(["list 0", "list 1", "list 2", "list 3", "list 4"], await NamesAsync("q=IST%20&limit=2"));
        Assert.Equal(["list 3", "list 4"], await NamesAsync("job=listed%20b&limit=1"));
        Assert.Empty(await NamesAsync("job=listed&limit=10"));

        async Task<List<string?>> NamesAsync(string filter)
        {
            var names = new List<string?>();
            string? cursor = null;
            do
            {
                var page = await (
                    await host.Client.GetAsync(
                        $"/api/v1/schedules?{filter}{(cursor is null ? "" : $"&cursor={cursor}")}"
                    )
                ).ReadJsonAsync();
                names.AddRange(page["items"]!.AsArray().Select(item => (string?)item!["name"]));
                cursor = (string?)page["nextCursor"];
            } while (cursor is not null);
            return names;
        }
    }

    [Fact]
    public async Task A_job_with_a_schedule_cannot_be_run_once_as_text_but_can_be_saved_and_then_run()
    {
        const string Job =
            """{"name": "timed", "type": "process", "process": {"command": ["true"]}, "schedule": {"cron": "0 0 1 1 *"}}""";
        const string Plain = """{"name": "plain", "type": "process", "process": {"command": ["true"]}}""";

        var problem = await (await host.Client.PostAsync("/task", ApiHost.Json(Job))).ReadProblemAsync(
            422,
            "validation"
        );
        var batch = await host.Client.PostAsync("/tasks", ApiHost.Json($"[{Plain}, {Job}]"));
        var checkedOnly = await host.Client.PostAsync("/api/v1/jobs:validate", ApiHost.Json(Job));

        Assert.Equal(["/schedule"], problem.Pointers());
        Assert.Contains("PUT /api/v1/jobs/timed", (string?)problem["detail"], StringComparison.Ordinal);
        var item = (await batch.ReadJsonAsync())["items"]![1]!;
        Assert.Equal((422, "/schedule"), ((int)item["status"]!, (string?)item["problem"]!["errors"]![0]!["pointer"]));
        Assert.Equal(HttpStatusCode.OK, checkedOnly.StatusCode);
        Assert.Equal(0, await host.CountAsync("select count(*) from sje.executions where name = 'timed'"));

        await host.Client.PutAsync("/api/v1/jobs/timed", ApiHost.Json(Job));
        var run = await host.Client.PostAsync("/api/v1/jobs/timed/executions", null);
        var id = (string?)(await run.ReadJsonAsync())["taskId"];
        await host.Client.PostAsync($"/api/v1/executions/{id}/cancel", null);
        var rerun = await host.Client.PostAsync($"/api/v1/executions/{id}/rerun", null);

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (run.StatusCode, rerun.StatusCode));
    }

    private static string Own(string job, string more = "") => $"{{\"job\": \"{job}\", \"cron\": \"{Yearly}\"{more}}}";

    private static string Part(string zone) => $"\"schedule\": {{\"cron\": \"{Yearly}\", \"timeZone\": \"{zone}\"}},";

    private static string?[] Locals(JsonNode preview) =>
        [.. preview["times"]!.AsArray().Select(time => (string?)time!["local"])];

    private async Task SaveJobAsync(
        string name,
        string more = "\"parameters\": {\"state\": {\"type\": \"string\"}, \"n\": {\"type\": \"int\", \"default\": 3}},"
    ) => Assert.True((await PutJobAsync(name, more)).IsSuccessStatusCode);

    private Task<HttpResponseMessage> PutJobAsync(string name, string more) =>
        host.Client.PutAsync(
            $"/api/v1/jobs/{Uri.EscapeDataString(name)}",
            ApiHost.Json($"{{ {more} \"type\": \"process\", \"process\": {{\"command\": [\"true\"]}}}}")
        );

    private async Task<JsonNode> GetAsync(string name)
    {
        var answer = await host.Client.GetAsync($"/api/v1/schedules/{Uri.EscapeDataString(name)}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.ReadJsonAsync();
    }

    private Task<HttpResponseMessage> PutAsync(
        string name,
        string body,
        string? ifMatch = null,
        string? ifNoneMatch = null
    ) => SendAsync(HttpMethod.Put, name, ApiHost.Json(body), ifMatch, ifNoneMatch);

    private Task<HttpResponseMessage> DeleteAsync(string name, string? ifMatch = null) =>
        SendAsync(HttpMethod.Delete, name, null, ifMatch, null);

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string name,
        HttpContent? body,
        string? ifMatch,
        string? ifNoneMatch
    )
    {
        using var request = new HttpRequestMessage(method, $"/api/v1/schedules/{Uri.EscapeDataString(name)}")
        {
            Content = body,
        };
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        if (ifNoneMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", ifNoneMatch);
        }

        return await host.Client.SendAsync(request);
    }
}
