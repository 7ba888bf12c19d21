using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sje.Core.Security;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;

namespace Sje.Tests.Integration.Api;

/// <summary>Listens on every address, so it asks for keys.</summary>
public sealed class OpenAddressHost : ApiHost
{
    protected override string Url => "http://0.0.0.0:0";
}

/// <summary>Listens on every address and lets everybody in.</summary>
public sealed class AnonymousHost : ApiHost
{
    protected override string Url => "http://0.0.0.0:0";

    protected override Dictionary<string, string?> Settings => new() { ["auth:allowAnonymous"] = "true" };
}

public sealed class AuthTests(ApiHost local, OpenAddressHost open, AnonymousHost anonymous)
    : IClassFixture<ApiHost>,
        IClassFixture<OpenAddressHost>,
        IClassFixture<AnonymousHost>
{
    private const string Hello = """{"name": "hello", "type": "process", "process": {"command": ["true"]}}""";

    [Fact]
    public async Task On_loopback_no_key_is_asked_for_but_a_wrong_one_is_refused()
    {
        using var wrong = local.ClientFor("sje_abcdefgh_0123456789012345678901234567890123456789");
        using var shapeless = local.ClientFor("nonsense");

        Assert.Equal(HttpStatusCode.OK, (await local.Client.GetAsync("/api/v1/executions")).StatusCode);
        await (await wrong.GetAsync("/api/v1/executions")).ReadProblemAsync(401, "unauthorized");
        await (await shapeless.PostAsync("/task", ApiHost.Json(Hello))).ReadProblemAsync(401, "unauthorized");
    }

    [Fact]
    public async Task Beyond_loopback_everything_but_health_and_the_document_asks_for_a_key()
    {
        var answer = await open.Client.GetAsync("/api/v1/executions");

        await answer.ReadProblemAsync(401, "unauthorized");
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
        await (await open.Client.PostAsync("/task", ApiHost.Json(Hello))).ReadProblemAsync(401, "unauthorized");
        await (await open.Client.GetAsync("/api/v1/events")).ReadProblemAsync(401, "unauthorized");
        await (await open.Client.GetAsync("/mgmt/config")).ReadProblemAsync(401, "unauthorized");
        Assert.Equal(HttpStatusCode.OK, (await open.Client.GetAsync("/health")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await anonymous.Client.GetAsync("/api/v1/executions")).StatusCode);
    }

    [Theory]
    [InlineData(Role.Viewer, 200, 403, 403)]
    [InlineData(Role.Operator, 200, 202, 403)]
    [InlineData(Role.Admin, 200, 202, 200)]
    public async Task Each_role_may_do_what_it_may(Role role, int read, int submit, int manage)
    {
        using var client = open.ClientFor(await open.NewKeyAsync(role));

        Assert.Equal(read, (int)(await client.GetAsync("/api/v1/executions")).StatusCode);
        Assert.Equal(submit, (int)(await client.PostAsync("/task", ApiHost.Json(Hello))).StatusCode);
        Assert.Equal(submit, (int)(await client.PostAsync("/tasks", ApiHost.Json($"[{Hello}]"))).StatusCode);
        Assert.Equal(
            submit == 202 ? 200 : 403,
            (int)(await client.PostAsync("/api/v1/queues/default/resume", null)).StatusCode
        );
        foreach (var path in new[] { "/mgmt", "/mgmt/queues", "/mgmt/workers", "/mgmt/config", "/mgmt/keys" })
        {
            Assert.Equal(manage, (int)(await client.GetAsync(path)).StatusCode);
        }
    }

    [Fact]
    public void Every_route_says_who_may_use_it()
    {
        var silent = open
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.Where(endpoint =>
                endpoint.Metadata.GetMetadata<IAuthorizeData>() is null
                && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null
            )
            .Select(endpoint => endpoint.DisplayName);

        Assert.Empty(silent);
    }

    [Fact]
    public void Every_route_that_changes_something_is_closed_to_viewers()
    {
        string[] harmless = ["/api/v1/jobs:validate", "/api/v1/schedules:preview", "/api/v1/session"];
        var loose = open
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint =>
                endpoint
                    .Metadata.GetMetadata<IHttpMethodMetadata>()
                    ?.HttpMethods.Any(method => method is not "GET" and not "HEAD") == true
            )
            .Where(endpoint => !harmless.Contains(endpoint.RoutePattern.RawText?.TrimEnd('/')))
            .Where(endpoint =>
                endpoint.Metadata.GetMetadata<IAuthorizeData>()?.Policy is not ("sje:operator" or "sje:admin")
            )
            .Select(endpoint => endpoint.DisplayName);

        Assert.Empty(loose);
    }

    [Fact]
    public async Task A_key_is_taken_as_bearer_token_header_or_cookie()
    {
        var key = await open.NewKeyAsync(Role.Viewer);
        using var bearer = new HttpClient { BaseAddress = open.Address };
        bearer.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var browser = new HttpClient { BaseAddress = open.Address };

        var signedIn = await browser.PostAsync("/api/v1/session", ApiHost.Json($$"""{"key": "{{key}}"}"""));

        Assert.Equal(HttpStatusCode.OK, (await bearer.GetAsync("/api/v1/workers")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, signedIn.StatusCode);
        var cookie = signedIn.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("httponly", cookie);
        Assert.Contains("samesite=strict", cookie);
        var me = await (await browser.GetAsync("/api/v1/session")).ReadJsonAsync();
        Assert.Equal(("viewer", false), ((string?)me["role"], me["anonymous"]!.GetValue<bool>()));
        browser.DefaultRequestHeaders.Add("X-Sje-Request", "1");
        await browser.DeleteAsync("/api/v1/session");
        await (await browser.GetAsync("/api/v1/session")).ReadProblemAsync(401, "unauthorized");
        await (await browser.PostAsync("/api/v1/session", ApiHost.Json("""{"key": "sje_no"}"""))).ReadProblemAsync(
            401,
            "unauthorized"
        );
    }

    [Fact]
    public async Task A_revoked_key_opens_nothing_more_and_only_hashes_are_stored()
    {
        using var admin = open.ClientFor(await open.NewKeyAsync(Role.Admin));
        var made = await (
            await admin.PostAsync("/mgmt/keys", ApiHost.Json("""{"name": "ci", "role": "viewer"}"""))
        ).ReadJsonAsync();
        var key = (string)made["key"]!;
        using var client = open.ClientFor(key);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/queues")).StatusCode);

        Assert.Equal(
            HttpStatusCode.NoContent,
            (await admin.DeleteAsync($"/mgmt/keys/{(string?)made["info"]!["prefix"]}")).StatusCode
        );

        await (await client.GetAsync("/api/v1/queues")).ReadProblemAsync(401, "unauthorized");
        await (await admin.DeleteAsync($"/mgmt/keys/{(string?)made["info"]!["id"]}")).ReadProblemAsync(
            404,
            "not-found"
        );
        Assert.DoesNotContain(key, await (await admin.GetAsync("/mgmt/keys")).Content.ReadAsStringAsync());
        Assert.Equal(
            0,
            await open.CountAsync($"select count(*) from sje.api_keys k where k::text like '%{key[13..]}%'")
        );
        Assert.Equal(
            1,
            await open.CountAsync("select count(*) from sje.api_keys where name = 'ci' and last_used_at is not null")
        );
    }

    [Fact]
    public async Task A_tenant_sees_and_stops_only_its_own_executions()
    {
        using var red = open.ClientFor(await open.NewKeyAsync(Role.Operator, "red"));
        using var blue = open.ClientFor(await open.NewKeyAsync(Role.Operator, "blue"));
        using var admin = open.ClientFor(await open.NewKeyAsync(Role.Admin, "red"));
        var accepted = await (
            await red.PostAsync(
                "/task",
                ApiHost.Json(
                    """{"name": "mine", "jobId": "tenant label", "type": "process", "process": {"command": ["true"]}}"""
                )
            )
        ).ReadJsonAsync();
        var id = (string?)accepted["taskId"];

        foreach (
            var path in new[]
            {
                $"/task/{id}",
                "/task/tenant%20label",
                $"/api/v1/executions/{id}",
                $"/api/v1/executions/{id}/events",
                $"/api/v1/executions/{id}/logs",
            }
        )
        {
            await (await blue.GetAsync(path)).ReadProblemAsync(404, "not-found");
        }

        await (await blue.DeleteAsync($"/task/{id}")).ReadProblemAsync(404, "not-found");
        await (await blue.PostAsync($"/api/v1/executions/{id}/cancel", null)).ReadProblemAsync(404, "not-found");
        Assert.Empty((await (await blue.GetAsync("/api/v1/executions?q=mine")).ReadJsonAsync())["items"]!.AsArray());
        Assert.Single((await (await red.GetAsync("/api/v1/executions?q=mine")).ReadJsonAsync())["items"]!.AsArray());
        var seen = await (await admin.GetAsync($"/api/v1/executions/{id}")).ReadJsonAsync();
        Assert.Equal(("red", "Operator of red"), ((string?)seen["tenant"], (string?)seen["acceptedBy"]));
    }

    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Host", "evil.example")]
    [InlineData("Host", "localhost.evil.example")]
    public async Task A_page_of_another_site_cannot_submit_without_a_key(string header, string value)
    {
        var before = await local.CountAsync("select count(*) from sje.executions");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/task") { Content = ApiHost.Json(Hello) };
        request.Headers.TryAddWithoutValidation(header, value);

        await (await local.Client.SendAsync(request)).ReadProblemAsync(403, "unsafe-origin");

        Assert.Equal(before, await local.CountAsync("select count(*) from sje.executions"));
    }

    [Fact]
    public async Task A_rebound_host_name_cannot_even_read_without_a_key()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/executions");
        request.Headers.Host = "rebound.example";

        await (await local.Client.SendAsync(request)).ReadProblemAsync(403, "unsafe-origin");
    }

    [Fact]
    public async Task Our_own_page_and_a_program_with_a_key_get_through()
    {
        using var own = new HttpRequestMessage(HttpMethod.Post, "/task") { Content = ApiHost.Json(Hello) };
        own.Headers.TryAddWithoutValidation("Origin", local.Address.GetLeftPart(UriPartial.Authority));
        own.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "same-origin");
        using var keyed = new HttpRequestMessage(HttpMethod.Post, "/task") { Content = ApiHost.Json(Hello) };
        keyed.Headers.TryAddWithoutValidation("Origin", "http://tool.example");
        keyed.Headers.Host = "sje.example";
        keyed.Headers.Add("X-Api-Key", await local.NewKeyAsync(Role.Operator));

        Assert.Equal(HttpStatusCode.Accepted, (await local.Client.SendAsync(own)).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await local.Client.SendAsync(keyed)).StatusCode);
    }

    [Fact]
    public async Task A_signed_in_browser_is_guarded_against_other_sites_too()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/task") { Content = ApiHost.Json(Hello) };
        request.Headers.Add("Cookie", $"sje-key={await open.NewKeyAsync(Role.Operator)}");
        request.Headers.TryAddWithoutValidation("Origin", "http://evil.example");

        await (await open.Client.SendAsync(request)).ReadProblemAsync(403, "unsafe-origin");
    }

    [Theory]
    [InlineData(null, 403)]
    [InlineData("1", 202)]
    public async Task A_change_by_cookie_needs_the_header_that_no_form_can_send(string? header, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/task") { Content = ApiHost.Json(Hello) };
        request.Headers.Add("Cookie", $"sje-key={await open.NewKeyAsync(Role.Operator)}");
        request.Headers.TryAddWithoutValidation("Origin", open.Address.GetLeftPart(UriPartial.Authority));
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "same-origin");
        if (header is not null)
        {
            request.Headers.Add("X-Sje-Request", header);
        }

        Assert.Equal(status, (int)(await open.Client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task A_key_that_may_not_do_something_is_told_which_role_may()
    {
        using var viewer = open.ClientFor(await open.NewKeyAsync(Role.Viewer));

        var problem = await (await viewer.PostAsync("/task", ApiHost.Json(Hello))).ReadProblemAsync(403, "forbidden");

        Assert.Equal("This needs the role operator; Viewer of default is viewer.", (string?)problem["detail"]);
    }

    [Fact]
    public void After_ten_wrong_keys_an_address_waits_a_minute_and_others_do_not()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        var attempts = new SignInAttempts(clock);
        for (var i = 0; i < SignInAttempts.MostWrong; i++)
        {
            Assert.Null(attempts.WaitOf(IPAddress.Loopback));
            attempts.Failed(IPAddress.Loopback);
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(TimeSpan.FromSeconds(50), attempts.WaitOf(IPAddress.Loopback));
        Assert.Null(attempts.WaitOf(IPAddress.IPv6Loopback));
        clock.Advance(TimeSpan.FromSeconds(50));
        Assert.Null(attempts.WaitOf(IPAddress.Loopback));
    }

    [Fact]
    public async Task Answers_about_keys_are_remembered_for_seconds_and_not_longer()
    {
        var keys = local.Services.GetRequiredService<KeyStore>();
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        var elsewhere = new KeyStore(
            local.Services.GetRequiredService<Microsoft.EntityFrameworkCore.IDbContextFactory<SjeContext>>(),
            clock
        );
        var made = await keys.CreateAsync("short", Role.Viewer, "default", default);
        Assert.NotNull(await elsewhere.FindCallerAsync(made.Key, default));

        await keys.RevokeAsync(made.Info.Id.ToString(), default);

        Assert.NotNull(await elsewhere.FindCallerAsync(made.Key, default));
        clock.Advance(KeyStore.CacheTime);
        Assert.Null(await elsewhere.FindCallerAsync(made.Key, default));
    }
}
