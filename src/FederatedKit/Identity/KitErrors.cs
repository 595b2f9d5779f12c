using Tollgate.Inference.Graphs;
using Tollgate.Inference.Models;
using Tollgate.Training.Runs;

namespace Tollgate.FederatedKit.Identity;

/// <summary>Runs a verb; what a person can change becomes one line on the error output.</summary>
internal static class KitErrors
{
    public static async Task<int> Run(Func<Task<int>> verb)
    {
        try
        {
            return await verb();
        }
        catch (Exception exception) when (exception is KitException or TrainingException or ModelImportException or GradientException
            or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"tollgate-federated: {exception.Message}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("tollgate-federated: stopped. The training goes on with the others if they are enough.");
            return 1;
        }
    }
}
