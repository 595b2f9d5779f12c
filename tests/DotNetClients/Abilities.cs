namespace Tollgate.DotNetClients;

/// <summary>What one client does, each ability by its name in the matrix.</summary>
internal sealed class Abilities : Dictionary<string, Func<Task<object>>>
{
    /// <summary>Runs them one after another; one that throws does not keep the others from running.</summary>
    public async Task<Dictionary<string, object>> PlayAsync()
    {
        var results = new Dictionary<string, object>();
        foreach (var (name, ability) in this)
        {
            try
            {
                results[name] = await ability();
            }
#pragma warning disable CA1031 // Whatever a client throws is a result of the matrix.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                results[name] = new { Thrown = new { exception.GetType().Name, Text = exception.ToString() } };
            }
        }

        return results;
    }
}
