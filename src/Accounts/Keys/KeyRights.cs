using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.Keys;

/// <summary>What the signed-in member may do with a key of the organization.</summary>
internal static class KeyRights
{
    extension(Workspace workspace)
    {
        /// <summary>Whether the key exists for the member: one of a project that the member may not use does not.</summary>
        public bool MaySee(ApiKey key) => workspace.MayUse(key.ProjectId) || workspace.May(Permission.ManageProjects);

        /// <summary>Whether the member may change, disable and revoke the key: the own ones, and all who manages projects.</summary>
        public bool MayChange(ApiKey key) => workspace.May(Permission.ManageKeys)
            && (key.OwnerId == workspace.UserId || workspace.May(Permission.ManageProjects));

        /// <summary>Whether the member may get a new secret of the key: nobody gets one of another person's key.</summary>
        public bool MayRotate(ApiKey key) => workspace.MayChange(key) && (key.OwnerId is null || key.OwnerId == workspace.UserId);
    }
}
