using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Catalogue;

/// <summary>Asks the operator to accept a licence before anything is fetched.</summary>
/// <param name="answers">Where a person answers; null where nobody is at a terminal.</param>
internal sealed class LicenceQuestion(TextReader? answers, TextWriter output)
{
    /// <summary>Returns when the licence is accepted.</summary>
    /// <param name="accepted">Whether the command line accepts it, with <c>--yes</c>.</param>
    /// <exception cref="OperatorException">It is not accepted.</exception>
    public async Task AskAsync(InstallableModel model, bool accepted, CancellationToken cancellationToken)
    {
        if (accepted)
        {
            return;
        }

        if (answers is null)
        {
            throw new OperatorException(
                $"The licence {model.Licence} is not accepted: nobody is at a terminal to be asked. --yes accepts it.");
        }

        await output.WriteAsync($"Install it under the licence {model.Licence}? [y/N] ");
        await output.FlushAsync(cancellationToken);
        if ((await answers.ReadLineAsync(cancellationToken))?.Trim() is not ("y" or "Y" or "yes"))
        {
            throw new OperatorException($"The licence {model.Licence} is not accepted. Nothing was fetched.");
        }
    }
}
