using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Sje.Core.Security;

namespace Sje.Jobs.Storage;

/// <summary>A key without its secret.</summary>
public sealed record ApiKeyInfo(
    Guid Id,
    string Name,
    Role Role,
    string Tenant,
    string Prefix,
    DateTimeOffset CreatedAt,
    DateTimeOffset? LastUsedAt,
    DateTimeOffset? RevokedAt
)
{
    /// <summary>What the caller may do to it now; filled in for whoever is shown it.</summary>
    public IReadOnlyList<ObjectAction> Actions { get; init; } = [];
}

/// <summary>A new key: <see cref="Key"/> is its whole text, which is shown once and never stored.</summary>
public sealed record NewApiKey(ApiKeyInfo Info, string Key);

/// <summary>
/// The keys of the API. What a key opens is remembered for some seconds, so a revoked key lives on for as long in other processes.
/// </summary>
public sealed class KeyStore(IDbContextFactory<SjeContext> contexts, TimeProvider time)
{
    /// <summary>For how long an answer, also a refusal, is remembered.</summary>
    public static readonly TimeSpan CacheTime = TimeSpan.FromSeconds(5);

    // Whoever sends made-up keys must not fill the memory.
    private const int MaxCached = 10_000;
    private static readonly TimeSpan LastUsedPrecision = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Remembered> cache = new();

    /// <summary>Makes a key.</summary>
    public async Task<NewApiKey> CreateAsync(string name, Role role, string tenant, CancellationToken stop)
    {
        var now = time.GetUtcNow();
        var key = ApiKeyText.Create();
        var row = new ApiKeyRow
        {
            Id = Guid.CreateVersion7(now),
            Name = name,
            Role = role,
            Tenant = tenant,
            Prefix = ApiKeyText.PrefixOf(key)!, // We made it, so it has the shape of one.
            Hash = ApiKeyText.Hash(key),
            CreatedAt = now,
        };
        await using var db = await contexts.CreateDbContextAsync(stop);
        db.ApiKeys.Add(row);
        await db.SaveChangesAsync(stop);
        cache.Clear();
        return new NewApiKey(ToInfo(row), key);
    }

    /// <summary>All keys, the revoked too, oldest first.</summary>
    public async Task<IReadOnlyList<ApiKeyInfo>> ListAsync(CancellationToken stop)
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        var rows = await db.ApiKeys.AsNoTracking().OrderBy(k => k.Id).ToListAsync(stop);
        return rows.ConvertAll(ToInfo);
    }

    /// <summary>Ends a key, named by its id or prefix; false when there is no such key that still opened anything.</summary>
    public async Task<bool> RevokeAsync(string idOrPrefix, CancellationToken stop)
    {
        var now = time.GetUtcNow();
        Guid? id = Guid.TryParse(idOrPrefix, out var parsed) ? parsed : null;
        await using var db = await contexts.CreateDbContextAsync(stop);
        var revoked = await db
            .ApiKeys.Where(k => k.RevokedAt == null && (k.Id == id || k.Prefix == idOrPrefix))
            .ExecuteUpdateAsync(set => set.SetProperty(k => k.RevokedAt, now), stop);
        cache.Clear();
        return revoked > 0;
    }

    /// <summary>Who holds a key; null when it opens nothing.</summary>
    public async Task<Caller?> FindCallerAsync(string key, CancellationToken stop)
    {
        if (ApiKeyText.PrefixOf(key) is not { } prefix)
        {
            return null;
        }

        var hash = ApiKeyText.Hash(key);
        var name = Convert.ToHexString(hash);
        var now = time.GetUtcNow();
        if (cache.TryGetValue(name, out var remembered) && remembered.Until > now)
        {
            return remembered.Caller;
        }

        var caller = await LoadCallerAsync(prefix, hash, now, stop);
        if (cache.Count >= MaxCached)
        {
            cache.Clear();
        }

        cache[name] = new Remembered(caller, now + CacheTime);
        return caller;
    }

    private async Task<Caller?> LoadCallerAsync(string prefix, byte[] hash, DateTimeOffset now, CancellationToken stop)
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        var candidates = await db.ApiKeys.Where(k => k.Prefix == prefix && k.RevokedAt == null).ToListAsync(stop);
        var found = candidates.Find(k => ApiKeyText.Matches(k.Hash, hash));
        if (found is null)
        {
            return null;
        }

        if (found.LastUsedAt is not { } last || now - last >= LastUsedPrecision)
        {
            await db
                .ApiKeys.Where(k => k.Id == found.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(k => k.LastUsedAt, now), stop);
        }

        return new Caller(found.Name, found.Role, found.Tenant, found.Id);
    }

    private static ApiKeyInfo ToInfo(ApiKeyRow row) =>
        new(row.Id, row.Name, row.Role, row.Tenant, row.Prefix, row.CreatedAt, row.LastUsedAt, row.RevokedAt);

    private sealed record Remembered(Caller? Caller, DateTimeOffset Until);
}
