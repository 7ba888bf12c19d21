return await Sje.Web.Cli.CommandTree.RunAsync(args);

/// <summary>The entry point; public so that a test host can name this assembly by it.</summary>
public partial class Program;
