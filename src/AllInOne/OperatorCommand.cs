using System.CommandLine;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.AllInOne;

/// <summary>Turns what an operator can mend into one clear line and exit code 1.</summary>
internal static class OperatorCommand
{
    /// <summary>Sets the action of a verb.</summary>
    public static Command Does(this Command command, Func<ParseResult, DataFolder, CancellationToken, Task<int>> action)
    {
        command.Options.Add(DataFolder.Option);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                return await action(parsed, new DataFolder(parsed.GetRequiredValue(DataFolder.Option)), cancellationToken);
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
