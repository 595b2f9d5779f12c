using System.CommandLine;
using System.CommandLine.Help;
using Tollgate.Cli.Data;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Cli.Commands;

/// <summary>
/// Runs commands. An error that the operator can fix becomes one clear line, with exit code 2 for a wrong option and 1 for all else.
/// </summary>
public static class OperatorCommand
{
    /// <summary>Parses and runs.</summary>
    /// <returns>The exit code of the process.</returns>
    public static async Task<int> RunAsync(string description, IEnumerable<Command> verbs, string[] arguments)
    {
        var root = new Command("./tollgate", description) { new HelpOption() };
        foreach (var verb in verbs)
        {
            root.Subcommands.Add(verb);
        }

        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction)
        {
            await Console.Error.WriteLineAsync($"tollgate: {parsed.Errors[0].Message}");
            return 2;
        }

        // By default the library ends the process two seconds after a signal, but streams may take thirty to drain.
        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    /// <summary>Sets the action of a command about an installation.</summary>
    public static Command Does(this Command command, Func<ParseResult, Target, CancellationToken, Task<int>> action) =>
        command.Does((parsed, cancellationToken) => action(parsed, Target.Of(parsed), cancellationToken));

    /// <summary>Sets the action of a command.</summary>
    public static Command Does(this Command command, Func<ParseResult, CancellationToken, Task<int>> action)
    {
        command.Options.Add(DataFolder.Option);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                return await action(parsed, cancellationToken);
            }
            catch (Exception exception) when (exception is OperatorException or MissingServerException)
            {
                await Console.Error.WriteLineAsync($"tollgate: {exception.Message}");
                return 1;
            }
            catch (Exception exception) when (SettingsError.Explain(exception) is { } line)
            {
                await Console.Error.WriteLineAsync($"tollgate: {line}");
                return 1;
            }
        });
        return command;
    }
}
