using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Sje.Core.Reliability;

/// <summary>The retry policies that a job may name: the built-in ones, and those of the configuration, which may replace them.</summary>
public sealed partial class RetryPolicies
{
    /// <summary>Where no failure class knows better: 3 attempts, exponential, 1 s to 60 s.</summary>
    public const string Default = "default";

    /// <summary>The other side could not be reached: more attempts, further apart.</summary>
    public const string NetworkError = "network_error";

    /// <summary>Memory, disk or connections were used up: they take time to come back.</summary>
    public const string ResourceExhausted = "resource_exhausted";

    /// <summary>A short trouble that passes by itself.</summary>
    public const string TemporaryFailure = "temporary_failure";

    /// <summary>For jobs that must not wait long for their next attempt.</summary>
    public const string CriticalJob = "critical_job";

    /// <summary>The same delay every time.</summary>
    public const string Fixed = "fixed";

    /// <summary>One attempt only.</summary>
    public const string None = "none";

    private static readonly RetryPolicy[] Own =
    [
        Exponential(Default, 3, 1, 60),
        Exponential(NetworkError, 5, 2, 120),
        Exponential(ResourceExhausted, 3, 30, 300),
        Exponential(TemporaryFailure, 2, 5, 30),
        Exponential(CriticalJob, 5, 1, 30),
        new()
        {
            Name = Fixed,
            Backoff = Backoff.Fixed,
            Jitter = Jitter.None,
        },
        new() { Name = None, MaxAttempts = 1 },
    ];

    private readonly FrozenDictionary<string, RetryPolicy> byName;

    /// <summary>The built-in policies, and these beside them or in their place.</summary>
    /// <exception cref="ArgumentException">One of them cannot have its name.</exception>
    public RetryPolicies(IEnumerable<RetryPolicy> own)
    {
        ArgumentNullException.ThrowIfNull(own);
        var all = Own.ToDictionary(p => p.Name, StringComparer.Ordinal);
        var names = Own.Select(p => p.Name).ToList();
        foreach (var policy in own)
        {
            if (!IsName(policy.Name) || policy.Name == None)
            {
                throw new ArgumentException($"'{policy.Name}' cannot be the name of a retry policy.", nameof(own));
            }

            if (!all.ContainsKey(policy.Name))
            {
                names.Add(policy.Name);
            }

            all[policy.Name] = policy;
        }

        byName = all.ToFrozenDictionary(StringComparer.Ordinal);
        Names = names;
    }

    /// <summary>Only the built-in ones.</summary>
    public static RetryPolicies BuiltIn { get; } = new([]);

    /// <summary>The names, the built-in ones first.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>All of them, in the order of <see cref="Names"/>.</summary>
    public IEnumerable<RetryPolicy> All => Names.Select(name => byName[name]);

    /// <summary>The policy of a name, or null. Spelling counts.</summary>
    public RetryPolicy? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>Whether every process knows this very policy without being told.</summary>
    public static bool IsBuiltIn(RetryPolicy policy) => BuiltIn.Find(policy.Name) == policy;

    /// <summary>Whether a policy of the user's may be named so.</summary>
    public static bool IsName(string name) => PolicyName().IsMatch(name);

    private static RetryPolicy Exponential(string name, int attempts, int first, int longest) =>
        new()
        {
            Name = name,
            MaxAttempts = attempts,
            InitialDelay = TimeSpan.FromSeconds(first),
            MaxDelay = TimeSpan.FromSeconds(longest),
        };

    [GeneratedRegex(@"^[a-z0-9][a-z0-9_-]{0,49}\z", RegexOptions.CultureInvariant)]
    private static partial Regex PolicyName();
}
