using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sje.Core.Dialects;
using Sje.Core.Jobs;
using Sje.Core.Security;
using Sje.Jobs.DeadLetters;
using Sje.Jobs.Maintenance;
using Sje.Jobs.Operations;
using Sje.Jobs.Queueing;
using Sje.Jobs.Scheduling;
using Sje.Jobs.Storage;
using Sje.Tests.Support;
using Sje.Web.Api;

namespace Sje.Tests.Integration.Api;

/// <summary>
/// The API on a real Kestrel at a port of its own, over a database of its own, without workers. Every answer that goes through
/// <see cref="Client"/> is held against the OpenAPI document: a route or status that is not in there fails the test.
/// </summary>
public class ApiHost : IAsyncLifetime
{
    private readonly TestDatabase clone = new();
    private WebApplication app = null!;

    /// <summary>Sends no key.</summary>
    public HttpClient Client { get; private set; } = null!;

    public Database Database => clone.Database;

    public IServiceProvider Services => app.Services;

    public Uri Address { get; private set; } = null!;

    /// <summary>The OpenAPI document.</summary>
    public JsonNode Document { get; private set; } = null!;

    /// <summary>What the server logged as an error: its own mistakes.</summary>
    public ConcurrentQueue<string> Errors { get; } = new();

    /// <summary>Settings of the server, for fixtures that need others.</summary>
    protected virtual Dictionary<string, string?> Settings => [];

    protected virtual string Url => "http://127.0.0.1:0";

    public async ValueTask InitializeAsync()
    {
        await clone.InitializeAsync();
        app = Build(clone.ConnectionString, Url, Settings, new ErrorLog(Errors));
        await app.StartAsync();
        Address = new UriBuilder(app.Urls.First()) { Host = "127.0.0.1" }.Uri;
        using var plain = new HttpClient { BaseAddress = Address };
        var answer = await plain.GetAsync("/openapi/v1.json");
        Assert.True(answer.IsSuccessStatusCode, string.Join('\n', Errors));
        Document = await answer.ReadJsonAsync();
        Client = ClientWith(new DocumentedAnswers(Document));
    }

    public virtual async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        await clone.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    public HttpClient ClientFor(string key)
    {
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Add("X-Api-Key", key);
        return client;
    }

    public async Task<string> NewKeyAsync(Role role, string tenant = "default") =>
        (await Services.GetRequiredService<KeyStore>().CreateAsync($"{role} of {tenant}", role, tenant, default)).Key;

    public async Task<Guid> SubmitAsync(string name = "hello", string queue = "default", string? more = null)
    {
        var answer = await Client.PostAsync(
            "/task",
            Json(
                $$"""{"name": "{{name}}", "queue": "{{queue}}", "type": "process", "process": {"command": ["true"]}{{more}}}"""
            )
        );
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return (await answer.ReadJsonAsync())["taskId"]!.GetValue<Guid>();
    }

    public async Task ExecuteAsync(string sql, params object[] values)
    {
        await using var command = Database.Main.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync();
    }

    public async Task<long> CountAsync(string sql)
    {
        await using var command = Database.Main.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }

    public static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    internal static WebApplication Build(
        string connectionString,
        string url,
        Dictionary<string, string?> settings,
        ILoggerProvider log
    )
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "sje" });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Logging.ClearProviders().AddProvider(log);
        builder.WebHost.UseUrls(url);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(_ => new Database(connectionString));
        builder.Services.AddSingleton<Signals>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<Signals>());
        builder.Services.AddSingleton<SortableIds>();
        builder.Services.AddSingleton<Admission>();
        builder.Services.AddSingleton<ExecutionIntake>();
        builder.Services.AddSingleton<RetentionStatus>();
        builder.Services.AddSingleton<ExecutionControl>();
        builder.Services.AddSingleton<QueueControl>();
        builder.Services.AddSingleton<PauseControl>();
        builder.Services.AddSingleton<LimitControl>();
        builder.Services.AddSingleton<CircuitBreakers>();
        builder.Services.AddSingleton(
            new JobReader(new TaskTypes([new ProcessTaskType(), new SparkTaskType()]), JobDialects.All)
        );
        builder.Services.AddSjeDeadLetters().AddSjeOperations();
        builder.Services.AddSjeScheduling();
        builder.Services.AddSjeApi(builder.Configuration);
        var app = builder.Build();
        app.UseSjeApi();
        app.MapSjeApi();
        return app;
    }

    private HttpClient ClientWith(DelegatingHandler handler)
    {
        handler.InnerHandler = new SocketsHttpHandler { AllowAutoRedirect = false };
        return new HttpClient(handler) { BaseAddress = Address };
    }
}

internal sealed class ErrorLog(ConcurrentQueue<string> errors) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        if (IsEnabled(logLevel))
        {
            errors.Enqueue($"{formatter(state, exception)} {exception}");
        }
    }

    public void Dispose() { }
}

internal static class Answers
{
    public static async Task<JsonNode> ReadJsonAsync(this HttpResponseMessage answer) =>
        JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;

    /// <summary>Checks that an answer is a problem document of a kind, and returns it.</summary>
    public static async Task<JsonNode> ReadProblemAsync(this HttpResponseMessage answer, int status, string kind)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Equal(
            (status, "application/problem+json"),
            ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType)
        );
        var problem = JsonNode.Parse(text)!;
        Assert.Equal($"urn:sje:problem:{kind}", problem["type"]!.GetValue<string>());
        Assert.Equal(status, problem["status"]!.GetValue<int>());
        Assert.NotEmpty(problem["title"]!.GetValue<string>());
        return problem;
    }

    public static string[] Pointers(this JsonNode problem) =>
        [
            .. problem["errors"]!
                .AsArray()
                .Select(error => (error!["pointer"] ?? error["parameter"])!.GetValue<string>()),
        ];
}

/// <summary>Fails on an answer whose route, method or status the OpenAPI document does not know.</summary>
internal sealed class DocumentedAnswers(JsonNode document) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        var answer = await base.SendAsync(request, cancellationToken);
        var path = request.RequestUri!.AbsolutePath;
        var status = (int)answer.StatusCode;
        if (status is 404 or 405 && Find(path, request.Method.Method) is null)
        {
            return answer;
        }

        if (path.StartsWith("/openapi", StringComparison.Ordinal) || path.StartsWith("/docs", StringComparison.Ordinal))
        {
            return answer;
        }

        var operation = Find(path, request.Method.Method);
        Assert.True(operation is not null, $"{request.Method} {path} is not in the OpenAPI document.");
        var responses = operation["responses"]!.AsObject();
        if (
            !responses.TryGetPropertyValue(
                status.ToString(System.Globalization.CultureInfo.InvariantCulture),
                out var documented
            )
        )
        {
            Assert.Fail(
                $"{request.Method} {path} answered {status}, which the OpenAPI document does not know: {await answer.Content.ReadAsStringAsync(cancellationToken)}"
            );
        }

        if (answer.Content.Headers.ContentType?.MediaType is { } type)
        {
            Assert.Contains(type, documented!["content"]!.AsObject().Select(content => content.Key));
        }

        return answer;
    }

    private JsonNode? Find(string path, string method)
    {
        var parts = path.Split('/');
        return document["paths"]!
            .AsObject()
            .Where(entry =>
                entry.Key.Split('/') is var template
                && template.Length == parts.Length
                && template.Zip(parts).All(pair => pair.First == pair.Second || pair.First.StartsWith('{'))
            )
            .OrderBy(entry => entry.Key.Count(c => c == '{'))
            .Select(entry => entry.Value![method.ToLowerInvariant()])
            .FirstOrDefault(operation => operation is not null);
    }
}
