return await Sje.Web.Cli.CommandTree.RunAsync(args);
