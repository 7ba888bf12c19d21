using System.Net;
using System.Text.Json.Nodes;

namespace Sje.Tests.Integration.Api;

public sealed class JobsApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task A_new_name_is_created_and_a_change_makes_a_version_and_the_same_text_makes_none()
    {
        var created = await PutAsync("nightly load", Job("true"));
        var same = await PutAsync("nightly load", Job("true"));
        var changed = await PutAsync("nightly load", Job("false"));

        Assert.Equal((HttpStatusCode.Created, "\"1\""), (created.StatusCode, created.Headers.ETag!.Tag));
        Assert.Equal((HttpStatusCode.OK, "\"1\""), (same.StatusCode, same.Headers.ETag!.Tag));
        Assert.Equal((HttpStatusCode.OK, "\"2\""), (changed.StatusCode, changed.Headers.ETag!.Tag));
        var first = await (await host.Client.GetAsync("/api/v1/jobs/nightly%20load?version=1")).ReadJsonAsync();
        Assert.Contains("true", first["job"]!.ToJsonString());
        var versions = await (await host.Client.GetAsync("/api/v1/jobs/nightly%20load/versions")).ReadJsonAsync();
        Assert.Equal([2, 1], versions["items"]!.AsArray().Select(v => v!["version"]!.GetValue<int>()));
    }

    [Fact]
    public async Task A_writer_that_has_not_seen_the_newest_version_is_refused()
    {
        await PutAsync("shared", Job("one"));
        await PutAsync("shared", Job("two"), ifMatch: "\"1\"");

        var stale = await PutAsync("shared", Job("three"), ifMatch: "\"1\"");
        var exists = await PutAsync("shared", Job("three"), ifNoneMatch: "*");
        var missing = await PutAsync("not there", Job("x"), ifMatch: "\"1\"");

        Assert.Equal(2, (await stale.ReadProblemAsync(412, "version-mismatch"))["currentVersion"]!.GetValue<int>());
        await exists.ReadProblemAsync(412, "version-mismatch");
        await missing.ReadProblemAsync(412, "version-mismatch");
        Assert.Equal(0, await host.CountAsync("select count(*) from sje.jobs where name = 'not there'"));
    }

    [Fact]
    public async Task Of_many_writers_of_one_version_exactly_one_wins()
    {
        await PutAsync("raced", Job("start"));

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => PutAsync("raced", Job($"writer {i}"), ifMatch: "\"1\""))
        );

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(7, answers.Count(answer => answer.StatusCode == HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task Writers_that_expect_nothing_all_get_through_with_a_version_each()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => PutAsync("crowded", Job($"writer {i}"))));

        Assert.All(answers, answer => Assert.True(answer.IsSuccessStatusCode));
        Assert.Equal(
            8,
            await host.CountAsync(
                "select count(*) from sje.job_versions v join sje.jobs j on j.id = v.job_id where j.name = 'crowded'"
            )
        );
    }

    [Theory]
    [InlineData("sort=name", "filter a,filter b,filter c")]
    [InlineData("sort=-name", "filter c,filter b,filter a")]
    [InlineData("sort=updated", "filter b,filter c,filter a")]
    [InlineData("sort=-updated", "filter a,filter c,filter b")]
    [InlineData("type=process", "filter b,filter c")]
    [InlineData("type=workflow", "filter a")]
    [InlineData("tag=daily", "filter a,filter b")]
    [InlineData("paused=true", "filter c")]
    [InlineData("paused=false&tag=daily&sort=-name", "filter b,filter a")]
    public async Task A_list_is_filtered_and_sorted_and_its_pages_hold_every_job_once(string query, string names)
    {
        await PutAsync("filter b", """{"type": "process", "process": {"command": ["true"]}, "tags": ["daily", "x"]}""");
        await PutAsync("filter c", """{"type": "process", "process": {"command": ["true"]}, "tags": ["weekly"]}""");
        await PutAsync(
            "filter a",
            """{"tasks": [{"name": "t", "type": "process", "process": {"command": ["true"]}}], "tags": ["daily"]}"""
        );
        await host.Client.PostAsync("/api/v1/jobs/filter%20c/pause", null);

        var found = new List<string>();
        for (string? cursor = ""; cursor is not null; )
        {
            var page = await (
                await host.Client.GetAsync($"/api/v1/jobs?q=filter&limit=1&{query}{cursor}")
            ).ReadJsonAsync();
            found.AddRange(page["items"]!.AsArray().Select(job => (string)job!["name"]!));
            cursor = page["nextCursor"] is { } next ? $"&cursor={next}" : null;
        }

        Assert.Equal(names.Split(','), found);
    }

    [Fact]
    public async Task An_order_or_a_cursor_of_another_order_is_refused_by_its_name()
    {
        await PutAsync("ordered a", Job("a"));
        await PutAsync("ordered b", Job("b"));
        var page = await (await host.Client.GetAsync("/api/v1/jobs?q=ordered&limit=1")).ReadJsonAsync();

        var wrong = await (await host.Client.GetAsync("/api/v1/jobs?sort=size&paused=maybe")).ReadProblemAsync(
            422,
            "validation"
        );
        Assert.Equal(["paused", "sort"], wrong.Pointers().Order());
        var other = await (
            await host.Client.GetAsync($"/api/v1/jobs?sort=-updated&cursor={page["nextCursor"]}")
        ).ReadProblemAsync(422, "validation");
        Assert.Equal(["cursor"], other.Pointers());
    }

    [Fact]
    public async Task An_etag_that_is_none_is_422_and_names_the_header()
    {
        var problem = await (await PutAsync("tagged", Job("x"), ifMatch: "nonsense")).ReadProblemAsync(
            422,
            "validation"
        );

        Assert.Equal(["If-Match"], problem.Pointers());
    }

    [Fact]
    public async Task The_name_in_the_file_must_be_that_of_the_address()
    {
        var problem = await (
            await PutAsync("mine", """{"name": "other", "type": "process", "process": {"command": ["true"]}}""")
        ).ReadProblemAsync(422, "validation");

        Assert.Equal(["/name"], problem.Pointers());
    }

    [Fact]
    public async Task Validating_lists_every_fault_with_its_line_and_saves_nothing()
    {
        var before = await host.CountAsync("select count(*) from sje.jobs");
        var good = await host.Client.PostAsync(
            "/api/v1/jobs:validate",
            ApiHost.Json("""{"name": "x", "type": "process", "process": {"command": ["true"]}}""")
        );
        var bad = await host.Client.PostAsync(
            "/api/v1/jobs:validate",
            ApiHost.Json(
                "{\"name\": \"x\",\n\"type\": \"process\",\n\"process\": {\"comand\": []},\n\"priority\": \"loud\"}"
            )
        );

        Assert.True((await good.ReadJsonAsync())["valid"]!.GetValue<bool>());
        var errors = (await bad.ReadProblemAsync(422, "validation"))["errors"]!.AsArray();
        Assert.True(errors.Count >= 2);
        Assert.Contains(errors, e => (string?)e!["pointer"] == "/priority" && e["line"]!.GetValue<int>() == 4);
        Assert.Equal(before, await host.CountAsync("select count(*) from sje.jobs"));
    }

    [Fact]
    public async Task A_saved_job_runs_with_its_parameters_and_says_which_version_ran()
    {
        await PutAsync(
            "with values",
            """{"parameters": {"day": {"type": "string", "required": true}, "n": {"type": "int", "default": 3}}, "type": "process", "process": {"command": ["echo", "{{ parameters.day }}"]}}"""
        );

        var answer = await host.Client.PostAsync(
            "/api/v1/jobs/with%20values/executions",
            ApiHost.Json("""{"parameters": {"day": "2026-01-01"}}""")
        );

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var execution = await (
            await host.Client.GetAsync($"/api/v1/executions/{(string?)(await answer.ReadJsonAsync())["taskId"]}")
        ).ReadJsonAsync();
        Assert.Equal(1, execution["jobVersion"]!.GetValue<int>());
        Assert.Equal("2026-01-01", (string?)execution["parameters"]!["day"]);
        Assert.Equal(3, execution["parameters"]!["n"]!.GetValue<int>());
    }

    [Fact]
    public async Task Missing_and_unknown_parameters_are_all_named()
    {
        await PutAsync(
            "needs day",
            """{"parameters": {"day": {"type": "string", "required": true}}, "type": "process", "process": {"command": ["true"]}}"""
        );

        var problem = await (
            await host.Client.PostAsync(
                "/api/v1/jobs/needs%20day/executions",
                ApiHost.Json("""{"parameters": {"dya": 1}}""")
            )
        ).ReadProblemAsync(422, "validation");

        Assert.Equal(["/parameters/day", "/parameters/dya"], problem.Pointers().Order());
    }

    [Fact]
    public async Task Running_twice_under_one_key_makes_one_execution()
    {
        await PutAsync("once", Job("true"));

        var first = await RunAsync();
        var again = await RunAsync();

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.OK), (first.StatusCode, again.StatusCode));
        Assert.Equal(1, await host.CountAsync("select count(*) from sje.executions where name = 'once'"));

        Task<HttpResponseMessage> RunAsync() =>
            host.Client.PostAsync("/api/v1/jobs/once/executions", ApiHost.Json("""{"idempotencyKey": "run once"}"""));
    }

    [Fact]
    public async Task A_deleted_job_is_gone_and_its_executions_stay()
    {
        await PutAsync("short lived", Job("true"));
        await host.Client.PostAsync("/api/v1/jobs/short%20lived/executions", null);

        using var stale = new HttpRequestMessage(HttpMethod.Delete, "/api/v1/jobs/short%20lived");
        stale.Headers.TryAddWithoutValidation("If-Match", "\"7\"");
        await (await host.Client.SendAsync(stale)).ReadProblemAsync(412, "version-mismatch");
        Assert.Equal(
            HttpStatusCode.NoContent,
            (await host.Client.DeleteAsync("/api/v1/jobs/short%20lived")).StatusCode
        );

        await (await host.Client.DeleteAsync("/api/v1/jobs/short%20lived")).ReadProblemAsync(404, "not-found");
        await (await host.Client.GetAsync("/api/v1/jobs/short%20lived")).ReadProblemAsync(404, "not-found");
        await (await host.Client.PostAsync("/api/v1/jobs/short%20lived/executions", null)).ReadProblemAsync(
            404,
            "not-found"
        );
        Assert.Equal(
            1,
            await host.CountAsync("select count(*) from sje.executions where name = 'short lived' and job_id is null")
        );
    }

    [Fact]
    public async Task The_list_pages_through_every_job_once()
    {
        foreach (var i in Enumerable.Range(0, 7))
        {
            await PutAsync($"paged {i}", Job("true"));
        }

        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = await (
                await host.Client.GetAsync($"/api/v1/jobs?q=paged&limit=3{(cursor is null ? "" : $"&cursor={cursor}")}")
            ).ReadJsonAsync();
            names.AddRange(page["items"]!.AsArray().Select(item => (string)item!["name"]!));
            cursor = (string?)page["nextCursor"];
        } while (cursor is not null);

        Assert.Equal(Enumerable.Range(0, 7).Select(i => $"paged {i}"), names);
    }

    private static string Job(string argument) =>
        new JsonObject
        {
            ["type"] = "process",
            ["process"] = new JsonObject { ["command"] = new JsonArray("echo", argument) },
        }.ToJsonString();

    private async Task<HttpResponseMessage> PutAsync(
        string name,
        string body,
        string? ifMatch = null,
        string? ifNoneMatch = null
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/jobs/{Uri.EscapeDataString(name)}")
        {
            Content = ApiHost.Json(body),
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
