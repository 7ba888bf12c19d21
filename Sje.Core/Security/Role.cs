namespace Sje.Core.Security;

/// <summary>What a caller may do; each role may do all that the ones before it may.</summary>
public enum Role
{
    /// <summary>Reads everything of its tenant.</summary>
    Viewer,

    /// <summary>Also submits, saves jobs, cancels, retries, pauses queues.</summary>
    Operator,

    /// <summary>Also sees configuration and all tenants, and makes and revokes keys.</summary>
    Admin,
}
