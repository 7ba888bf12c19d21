namespace Sje.Core.Security;

/// <summary>Who makes a request: the holder of a key, or whoever sits at this machine where no key is asked for.</summary>
/// <param name="Name">The key's name, or <c>anonymous</c>.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Tenant">Whose work it submits.</param>
/// <param name="KeyId">Its key; null without one.</param>
public sealed record Caller(string Name, Role Role, string Tenant, Guid? KeyId)
{
    /// <summary>The tenant owning what is submitted without a key.</summary>
    public const string DefaultTenant = "default";

    /// <summary>Someone without a key, where that is allowed.</summary>
    public static Caller Anonymous { get; } = new("anonymous", Role.Admin, DefaultTenant, null);

    /// <summary>The tenant whose executions it may see; null sees all.</summary>
    public string? Scope => Role == Role.Admin ? null : Tenant;
}
