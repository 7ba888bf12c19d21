using System.CommandLine;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Sje.Core.Security;
using Sje.Jobs.Storage;
using Sje.Web.Api;
using Sje.Web.Api.Json;
using Sje.Web.Api.Requests;
using Sje.Web.Failures;
using Sje.Web.Hosting;

namespace Sje.Web.Cli;

/// <summary>Where keys are made and ended; answers are the API's own bodies.</summary>
internal interface IKeyAccess : IAsyncDisposable
{
    /// <summary>All keys, as <c>GET /mgmt/keys</c>.</summary>
    Task<JsonNode> ListAsync(CancellationToken stop);

    /// <summary>Makes one, as <c>POST /mgmt/keys</c>.</summary>
    /// <exception cref="FailureException">It is not one that could be.</exception>
    Task<JsonNode> CreateAsync(KeyRequest key, CancellationToken stop);

    /// <summary>Ends one, named by its id or prefix.</summary>
    /// <exception cref="FailureException">There is none that still opens anything.</exception>
    Task RevokeAsync(string idOrPrefix, CancellationToken stop);
}

/// <summary>The keys by way of a server, which asks for an administrator's.</summary>
internal sealed class KeysOfServer(SjeClient client) : IKeyAccess
{
    public Task<JsonNode> ListAsync(CancellationToken stop) => SendAsync(HttpMethod.Get, "mgmt/keys", null, stop);

    public Task<JsonNode> CreateAsync(KeyRequest key, CancellationToken stop) =>
        SendAsync(HttpMethod.Post, "mgmt/keys", SjeClient.Json(JsonSerializer.Serialize(key, ApiJson.Options)), stop);

    public Task RevokeAsync(string idOrPrefix, CancellationToken stop) =>
        AskAsync(HttpMethod.Delete, "mgmt/keys/" + Uri.EscapeDataString(idOrPrefix), null, stop);

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, HttpContent? body, CancellationToken stop) =>
        (await AskAsync(method, path, body, stop)).Required;

    private async Task<Answer> AskAsync(HttpMethod method, string path, HttpContent? body, CancellationToken stop)
    {
        var answer = await client.TryAsync(method, path, body, null, stop);
        if (answer.IsSuccess)
        {
            return answer;
        }

        var refusal = SjeClient.Refusal(answer, $"{method} {path}");
        throw answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
            ? new FailureException(
                refusal.Message,
                refusal.ExitCode,
                [.. refusal.Faults, "On the machine of the server's database, --local does it without a key."]
            )
            : refusal;
    }
}

/// <summary>The keys on the database itself: whoever can open that needs no key.</summary>
internal sealed class KeysOnDatabase : IKeyAccess
{
    private readonly DatabaseAccess database;
    private readonly ServiceProvider services;

    private KeysOnDatabase(DatabaseAccess database)
    {
        this.database = database;
        services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(new Database(database.ConnectionString))
            .AddSjeStorage()
            .BuildServiceProvider();
    }

    /// <summary>Opens the database that a command line means, and brings it to this version's schema.</summary>
    public static async Task<KeysOnDatabase> OpenAsync(ParseResult parsed, CancellationToken stop)
    {
        var database = await DatabaseAccess.OpenAsync(parsed, stop);
        try
        {
            await RoleHost.MigrateAsync(database.ConnectionString, NullLogger.Instance, stop);
            return new KeysOnDatabase(database);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    public Task<JsonNode> ListAsync(CancellationToken stop) =>
        WithAsync(async keys =>
            Body(new Page<ApiKeyInfo>([.. (await keys.ListAsync(stop)).Select(WithActions)], null))
        );

    public Task<JsonNode> CreateAsync(KeyRequest key, CancellationToken stop)
    {
        var checkedKey = new KeyRequestValidator().Validate(key);
        if (!checkedKey.IsValid)
        {
            throw new FailureException(
                "That cannot be a key.",
                ExitCodes.Rejected,
                [
                    .. checkedKey.Errors.Select(fault =>
                        $"/{JsonNamingPolicy.CamelCase.ConvertName(fault.PropertyName)}: {fault.ErrorMessage}"
                    ),
                ]
            );
        }

        return WithAsync(async keys =>
        {
            var made = await keys.CreateAsync(key.Name!, key.Role, key.Tenant, stop); // The validator asks for a name.
            return Body(new KeyCreated(WithActions(made.Info), made.Key));
        });
    }

    public Task RevokeAsync(string idOrPrefix, CancellationToken stop) =>
        WithAsync(async keys =>
            await keys.RevokeAsync(idOrPrefix, stop)
                ? true
                : throw new FailureException(
                    $"There is no key '{idOrPrefix}' that still opens anything.",
                    ExitCodes.Rejected
                )
        );

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await database.DisposeAsync();
    }

    private async Task<T> WithAsync<T>(Func<KeyStore, Task<T>> act)
    {
        try
        {
            return await act(services.GetRequiredService<KeyStore>());
        }
        catch (NpgsqlException down)
        {
            throw RoleHost.Unreachable(database.ConnectionString, down);
        }
    }

    // Whoever opens the database may do what an administrator may.
    private static ApiKeyInfo WithActions(ApiKeyInfo key) =>
        key with
        {
            Actions = AllowedActions.OfKey(Core.Security.Role.Admin, key.RevokedAt is not null),
        };

    private static JsonNode Body<T>(T value) =>
        JsonSerializer.SerializeToNode(value, ApiJson.Options)
        ?? throw new InvalidOperationException("A body is never null.");
}
