namespace Sje.Web.Api.Auth;

/// <summary>Who may come in without a key.</summary>
internal sealed class AuthOptions
{
    public const string Section = "auth";

    /// <summary>Lets everybody in without a key also where the server listens beyond this machine. Off: such a server asks for keys.</summary>
    public bool AllowAnonymous { get; set; }
}
