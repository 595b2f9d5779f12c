using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.AllInOne.Up;

/// <summary>The bearer file of each service, <c>secrets/SERVICE_bearers</c>: a service is given the path of its own and of no other.</summary>
internal static class BearerFiles
{
    /// <summary>Makes the files where one is missing, is damaged, or does not serve a call of this version; all at once, because each bearer lies in two.
    /// Deleting one before a start therefore changes every bearer.</summary>
    public static void Ensure(DataFolder data)
    {
        if (AreWhole(data))
        {
            return;
        }

        foreach (var (service, text) in ServiceBearers.Issue())
        {
            OwnerOnly.Write(PathOf(data, service), text);
        }
    }

    public static string PathOf(DataFolder data, string service) => Path.Combine(data.Folder("secrets"), service + "_bearers");

    private static bool AreWhole(DataFolder data)
    {
        try
        {
            return ServiceBearers.AreComplete(ServiceCall.Services.Where(service => File.Exists(PathOf(data, service)))
                .ToDictionary(service => service, service => ServiceBearers.Parse(File.ReadAllText(PathOf(data, service)))));
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
