using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Sje.Core.Security;
using Sje.Jobs.Storage;
using Sje.Tests.Support;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>Tests that share one server with the built pages: <c>[Collection(UiCollection.Name)]</c>, and <c>Ui ui</c> in the constructor.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class UiCollection : ICollectionFixture<Ui>
{
    public const string Name = "ui";
}

/// <summary>
/// The real server with the built pages on a real database, started once, and a real browser. What a test needs it makes for itself, under names
/// of its own.
/// </summary>
/// <example><code>
/// await ui.VisitAsync("/jobs", async page =>
/// {
///     await page.Page.Locator("h1").ClickAsync();
///     await Assertions.Expect(page.Page.GetByRole(AriaRole.Heading, new() { Name = "Jobs" })).ToBeVisibleAsync();
/// });
/// </code></example>
public class Ui : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-ui-").FullName;
    private readonly Chromium chromium = new();
    private SjeProcess? process;
    private HttpClient? http;
    private bool missing;

    public TestDatabase Db { get; } = new();

    /// <summary>The server's address.</summary>
    public string Url { get; private set; } = "";

    /// <summary>A program that talks to the server; with <see cref="Key"/> where one is needed.</summary>
    public HttpClient Http
    {
        get
        {
            RequirePages();
            return http!; // made when the server was started
        }
    }

    /// <summary>An administrator's key, where the server asks for keys.</summary>
    public string? Key { get; private set; }

    /// <summary>Where the server runs: its tasks, data and logs.</summary>
    public string Folder => folder;

    /// <summary>The address that it listens on, without the port.</summary>
    protected virtual string Host => "127.0.0.1";

    /// <summary>More settings, as <c>SJE_</c> variables.</summary>
    protected virtual Dictionary<string, string> Settings => [];

    public async ValueTask InitializeAsync()
    {
        await chromium.InitializeAsync();
        missing = !File.Exists(RepositoryFiles.Path("wwwroot", "index.html"));
        if (missing)
        {
            return;
        }

        await Db.InitializeAsync();
        // The pages of the clone, also where they were built after the tests.
        Directory.CreateSymbolicLink(Path.Combine(folder, "wwwroot"), RepositoryFiles.Path("wwwroot"));
        if (Host != "127.0.0.1")
        {
            Key = await NewKeyAsync(Role.Admin);
        }

        await StartAsync(SjeProcess.FreePort());
    }

    public virtual async ValueTask DisposeAsync()
    {
        http?.Dispose();
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        await chromium.DisposeAsync();
        if (Db.ConnectionString.Length > 0)
        {
            await Db.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Opens an address in a window of its own and does something there. Fails also where the browser's console told of an error, the page broke its
    /// security policy, asked another origin for something, or got a 5xx.
    /// </summary>
    public async Task VisitAsync(string address, Func<UiPage, Task> test, UiVisit? how = null)
    {
        RequirePages();
        how ??= new UiVisit();
        var page = await chromium.OpenAsync(
            Url,
            how.Key ?? Key,
            options =>
            {
                options.ColorScheme = how.Dark ? ColorScheme.Dark : ColorScheme.Light;
                options.ViewportSize = new ViewportSize { Width = how.Width, Height = how.Height };
                options.DeviceScaleFactor = how.Scale;
                options.ForcedColors = how.ForcedColors ? ForcedColors.Active : ForcedColors.None;
                options.ReducedMotion = ReducedMotion.Reduce;
                options.Permissions = ["clipboard-read", "clipboard-write"];
            }
        );
        if (how.SignedOut)
        {
            await page.Context.ClearCookiesAsync();
        }

        var visit = new UiPage(page, Url, how);
        try
        {
            await visit.WatchAsync();
            await page.GotoAsync(address);
            await test(visit);
        }
        catch (Exception failure) when (!failure.Message.StartsWith("$XunitDynamicSkip$", StringComparison.Ordinal))
        {
            throw new InvalidOperationException(await visit.DescribeAsync(), failure);
        }
        finally
        {
            await page.Context.CloseAsync();
        }

        Assert.True(visit.Faults.Count == 0, string.Join('\n', visit.Faults));
    }

    /// <summary>A key, made in the database.</summary>
    public async Task<string> NewKeyAsync(Role role, string tenant = "default")
    {
        await using var services = new ServiceCollection()
            .AddSingleton(Db.Database)
            .AddSjeStorage()
            .BuildServiceProvider();
        return (
            await services.GetRequiredService<KeyStore>().CreateAsync($"{role} of {tenant}", role, tenant, default)
        ).Key;
    }

    /// <summary>Submits a job that runs a shell script.</summary>
    public Task<Guid> SubmitAsync(string name, string script, object? retry = null, string queue = "default") =>
        SubmitAsync(
            new
            {
                name,
                queue,
                type = "process",
                retry = retry ?? new { policy = "none" },
                process = new { command = script },
            }
        );

    /// <summary>Submits a job.</summary>
    public async Task<Guid> SubmitAsync(object job)
    {
        using var answer = await Http.PostAsJsonAsync("/task", job);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonNode.Parse(body)!["taskId"]!.GetValue<Guid>();
    }

    /// <summary>Saves a job from its YAML.</summary>
    public async Task SaveJobAsync(string name, string yaml)
    {
        using var content = new StringContent(yaml, System.Text.Encoding.UTF8, "application/yaml");
        using var answer = await Http.PutAsync($"/api/v1/jobs/{Uri.EscapeDataString(name)}", content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Waits for the state of an execution.</summary>
    public Task BecomesAsync(Guid execution, string state) => Db.ExecutionBecomesAsync(execution, state, 90);

    /// <summary>Ends the server at once, as a crash would.</summary>
    public async Task StopAsync()
    {
        process!.Signal("KILL");
        await process.EndAsync();
        await process.DisposeAsync();
        process = null;
    }

    /// <summary>Starts it again, at the address it had.</summary>
    public Task StartAgainAsync() => StartAsync(new Uri(Url).Port);

    // Not when the fixture is made: only a test can be skipped.
    private void RequirePages()
    {
        if (missing)
        {
            const string reason = "the pages are not built: ./sje pages builds them";
            Assert.False(Environment.GetEnvironmentVariable("SJE_TEST_REQUIRE") == "1", reason);
            Assert.Skip(reason);
        }
    }

    private async Task StartAsync(int port)
    {
        process = SjeProcess.Start(
            folder,
            ["all", "--name", "first", "--slots", "32", "--urls", $"http://{Host}:{port}", "--db", Db.ConnectionString],
            new Dictionary<string, string>(Settings) { ["SJE_WORKER__DRAINSECONDS"] = "1" }
        );
        await process.ReadyAsync(folder);
        Url = $"http://127.0.0.1:{port}";
        http?.Dispose();
        http = new HttpClient { BaseAddress = new Uri(Url), Timeout = TimeSpan.FromSeconds(100) };
        if (Key is not null)
        {
            http.DefaultRequestHeaders.Add("X-Api-Key", Key);
        }
    }
}
